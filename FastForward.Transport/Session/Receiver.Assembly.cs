using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// Reliable messages that arrive in parts, or before others of their stream: they wait, within the credit that they
/// use.
/// </content>
internal sealed partial class Receiver
{
    private const int MaxUnused = 64;

    private readonly Stack<PartialMessage> _unused = new();
    private long _waitingCredit; // of all streams

    private bool Assemble(long now, ReceiveStream stream, ulong sequence, in MessageElement message)
    {
        // Each message before it uses credit, but for a mark or reset, which is the last.
        ulong before = (sequence - stream.Expected) * WireFormat.CreditPerMessage;
        if (before > stream.CreditLimit - stream.CreditUsed)
            return false;
        PartialMessage? part = stream.Waiting?.GetValueOrDefault(sequence);
        bool isNew = part is null;
        part ??= _unused.TryPop(out PartialMessage? unused) ? unused : new PartialMessage();
        int growth = part.CreditWith(message) - (isNew ? 0 : part.Credit);
        if (
            stream.CreditUsed + (ulong)(stream.WaitingCredit + growth) > stream.CreditLimit
            || _creditUsed + (ulong)(_waitingCredit + growth) > _creditLimit
        )
            return false;
        if (isNew)
            (stream.Waiting ??= []).Add(sequence, part);
        else
            Charge(stream, -part.Credit);
        part.Add(message, _buffers);
        Charge(stream, part.Credit);
        return !part.IsTooFragmented && DeliverWhole(now, stream);
    }

    // Delivers what waits and has nothing missing before it.
    private bool DeliverWhole(long now, ReceiveStream stream)
    {
        while (
            !stream.IsEnded
            && stream.Waiting is { Count: > 0 } waiting
            && waiting.TryGetValue(stream.Expected, out PartialMessage? next)
            && next.IsWhole
        )
        {
            waiting.Remove(stream.Expected);
            Charge(stream, -next.Credit);
            bool isWithinCredit = Complete(now, stream, next.IsEnd, next.IsMark, next.Payload);
            Recycle(next);
            if (!isWithinCredit)
                return false;
        }

        return true;
    }

    private void DropWaiting(ReceiveStream stream, ulong sequence)
    {
        if (stream.Waiting is not { Count: > 0 } waiting || !waiting.Remove(sequence, out PartialMessage? part))
            return;
        Charge(stream, -part.Credit);
        Recycle(part);
    }

    private void DropAllWaiting(ReceiveStream stream)
    {
        if (stream.Waiting is not { } waiting)
            return;
        foreach (PartialMessage part in waiting.Values)
            Recycle(part);
        waiting.Clear();
        Charge(stream, -stream.WaitingCredit);
    }

    private void Charge(ReceiveStream stream, int credit)
    {
        stream.WaitingCredit += credit;
        _waitingCredit += credit;
    }

    private void Recycle(PartialMessage part)
    {
        part.Clear(_buffers);
        if (_unused.Count < MaxUnused)
            _unused.Push(part);
    }
}
