namespace FastForward.Transport.Session;

/// <content>Messages that are dropped before they are delivered, and their reports.</content>
internal sealed partial class Sender
{
    /// <summary>Drops everything in the store and reports it as undelivered.</summary>
    public void FailAll(UndeliveredReason reason)
    {
        foreach (SendStream stream in _streams.All)
            Abandon(stream, reason);
    }

    private void Abort(long now, SendStream stream, uint code, UndeliveredReason reason)
    {
        Abandon(stream, reason);
        stream.IsReset = true;
        OutgoingMessage reset = _pool.Rent([]);
        reset.Code = code;
        Accept(now, stream, reset, OutgoingKind.Reset, end: true);
    }

    // Removes the messages of a stream from the store and reports them as one range.
    private void Abandon(SendStream stream, UndeliveredReason reason)
    {
        ulong first = stream.First?.Sequence ?? 0;
        ulong count = 0;
        while (stream.First is not null)
            Drop(stream.RemoveFirst());
        DropAwaited(stream);
        DropLost(stream);
        DropSecond(stream);
        MessageQueue unsent = _realTime.Remove(stream);
        while (!unsent.IsEmpty)
        {
            OutgoingMessage message = unsent.RemoveHead();
            if (count == 0)
                first = message.Sequence;
            Drop(message);
        }

        stream.Acknowledged = stream.NextSequence;
        stream.Written = stream.NextSequence;
        if (count > 0)
            Report(stream.Id, first, count, reason);

        void Drop(OutgoingMessage message)
        {
            if (message.Kind == OutgoingKind.Message)
                count++;
            Release(message, stream.Class);
        }
    }

    private void Report(ulong stream, ulong first, ulong count, UndeliveredReason reason)
    {
        _statistics.NotDelivered(reason, (long)count);
        _events.Undelivered(new Undelivered(_peer, stream, first, count, reason));
    }

    // The peer does not count messages that were dropped before they arrived. Without this, each reset would reduce the
    // association's credit permanently.
    private void ReturnUnusedCredit(SendStream stream, uint creditUsed) =>
        _creditUsed -= Math.Min((uint)stream.CreditUsed - creditUsed, stream.CreditUsed);
}
