using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>How far the sender may go: what it has used, less what the application holds, plus the window.</content>
internal sealed partial class Receiver : ICreditOwner
{
    private ulong _creditLimit = WireFormat.InitialAssociationCredit;
    private long _held;
    private bool _isHeldBack;

    public void Hold(object stream, int bytes)
    {
        ReceiveStream held = (ReceiveStream)stream;
        held.Held += bytes;
        held.IsHeldBack = true;
        _held += bytes;
        _kept.Bytes += bytes;
        _isHeldBack = true;
    }

    public void Release(long now, object stream, int bytes)
    {
        ReceiveStream held = (ReceiveStream)stream;
        if (bytes > held.Held)
            throw new InvalidOperationException(
                $"{bytes} bytes of credit were released, but {held.Held} are held: "
                    + "the credit of a message is held once and released once."
            );
        held.Held -= bytes;
        _held -= bytes;
        _kept.Bytes -= bytes;
        if (held.IsEnded)
            ScheduleCredit(now, bytes);
        else
            ScheduleAck(now, held, bytes);
    }

    /// <summary>Credit of a former life of the peer came back: there may be more for this one.</summary>
    public void OnFormerReleased(long now, int bytes)
    {
        _isHeldBack = true; // this grant too may be lost with a path
        ScheduleCredit(now, bytes);
    }

    /// <summary>
    /// A path is gone, and grants may be lost with it. The sender repeats what is not acknowledged, which asks for the
    /// other grants anew; but for messages that were acknowledged before their credit came back it has nothing to repeat.
    /// </summary>
    public void RepeatGrants(long now)
    {
        if (!_isHeldBack)
            return;
        for (ReceiveStream? stream = _streams.Oldest; stream is not null; stream = ReceiveStreamTable.After(stream))
        {
            if (stream.IsHeldBack)
                ScheduleAck(now, stream, 0);
        }

        ScheduleCredit(now, 0);
    }

    // A stream whose messages the application keeps gets the smallest window there is: with a larger one a few streams
    // that nobody reads would hold the credit of the whole association.
    private ulong Limit(ReceiveStream stream)
    {
        ulong limit = stream.IsHeldBack
            ? stream.CreditUsed + WireFormat.InitialStreamCredit - (ulong)stream.Held
            : stream.CreditUsed + _streamWindow;
        stream.CreditLimit = Math.Max(stream.CreditLimit, limit);
        return stream.CreditLimit;
    }

    private ulong Limit()
    {
        _creditLimit = Math.Max(
            _creditLimit,
            _creditUsed + (ulong)Math.Max(_options.ReceiveWindowBytes - _kept.Bytes, 0)
        );
        return _creditLimit;
    }

    // Each life of a peer begins with the same credit, whoever still keeps the messages of the one before. A peer that dies
    // again and again would fill the memory with it.
    private bool KeepsTooMuchOfFormerLives => _kept.Bytes - _held >= _options.ReceiveWindowBytes;

    // Whoever holds credit relies on it: a sender that does not keep to what it was granted would fill the memory.
    private bool HasCreditFor(ReceiveStream stream, int cost) =>
        stream.CreditUsed + (ulong)cost <= stream.CreditLimit && _creditUsed + (ulong)cost <= _creditLimit;

    private void ScheduleCredit(long now, int bytes)
    {
        _unacknowledged += bytes;
        _creditPending = true;
        _ackDue = Math.Min(_ackDue, _unacknowledged >= AssociationAckThreshold ? now : now + _options.AckDelay);
    }
}
