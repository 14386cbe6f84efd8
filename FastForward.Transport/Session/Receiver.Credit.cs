using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// Credit limits: the credit that the sender has used, less what the application holds, plus the window.
/// </content>
internal sealed partial class Receiver : ICreditOwner
{
    private ulong _creditLimit = WireFormat.InitialAssociationCredit;
    private long _held;
    private bool _repeatsGrants;

    public void Hold(object stream, int bytes)
    {
        ReceiveStream held = (ReceiveStream)stream;
        held.Held += bytes;
        held.WasEverHeld = true;
        _held += bytes;
        _peerHeld.Bytes += bytes;
        _repeatsGrants = true;
    }

    public void Release(long now, object stream, int bytes)
    {
        ReceiveStream held = (ReceiveStream)stream;
        if (bytes > held.Held)
            throw new InvalidOperationException(
                $"Cannot release {bytes} bytes of credit, because only {held.Held} are held: "
                    + "the credit of a message may be held once and released once."
            );
        held.Held -= bytes;
        _held -= bytes;
        _peerHeld.Bytes -= bytes;
        if (held.IsEnded)
            ScheduleCredit(now, bytes);
        else
            ScheduleAck(now, held, bytes);
    }

    /// <summary>Credit of a former association was released, so that this one may grant more.</summary>
    public void OnFormerCreditReleased(long now, int bytes)
    {
        _repeatsGrants = true; // this grant may be lost with its path, too
        ScheduleCredit(now, bytes);
    }

    /// <summary>
    /// Grants again what a path may have lost. The sender retransmits unacknowledged messages, whose acknowledgements
    /// contain new grants. Credit that was released after its messages were acknowledged has no such retransmission, so
    /// it is repeated here.
    /// </summary>
    public void RepeatGrants(long now)
    {
        if (!_repeatsGrants)
            return;
        for (ReceiveStream? stream = _streams.Oldest; stream is not null; stream = ReceiveStreamTable.After(stream))
        {
            if (stream.WasEverHeld)
                ScheduleAck(now, stream, 0);
        }

        ScheduleCredit(now, 0);
    }

    // A stream whose credit was ever held gets the smallest window. With a larger one, a few streams that the
    // application does not read would hold the credit of the whole association.
    private ulong Limit(ReceiveStream stream)
    {
        ulong limit = stream.WasEverHeld
            ? stream.CreditUsed + WireFormat.InitialStreamCredit - (ulong)stream.Held
            : stream.CreditUsed + _streamWindow;
        stream.CreditLimit = Math.Max(stream.CreditLimit, limit);
        return stream.CreditLimit;
    }

    private ulong Limit()
    {
        _creditLimit = Math.Max(
            _creditLimit,
            _creditUsed + (ulong)Math.Max(_options.ReceiveWindowBytes - _peerHeld.Bytes, 0)
        );
        return _creditLimit;
    }

    // Each association starts with the initial credit, even while the application holds messages of former ones.
    // Without this limit, a peer that restarts repeatedly could fill the memory.
    private bool IsWindowHeldByFormerAssociations => _peerHeld.Bytes - _held >= _options.ReceiveWindowBytes;

    // Held credit bounds memory only if it is enforced: a sender that exceeds its grants could fill the memory.
    private bool HasCreditFor(ReceiveStream stream, int cost) =>
        stream.CreditUsed + (ulong)cost <= stream.CreditLimit && _creditUsed + (ulong)cost <= _creditLimit;

    private void ScheduleCredit(long now, int bytes)
    {
        _unacknowledged += bytes;
        _creditPending = true;
        _ackDue = Math.Min(_ackDue, _unacknowledged >= AssociationAckThreshold ? now : now + _options.AckDelay);
    }
}
