using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>Real-time messages: written in order of acceptance, unless they expire before.</content>
internal sealed partial class Sender
{
    private readonly RealTimeQueue _realTime = new();

    /// <summary>Messages and copies are to be written.</summary>
    public bool HasRealTimeOutput => !_realTime.IsEmpty || _copies.HasDue;

    /// <summary>Lost messages are to be written again.</summary>
    public bool HasRepeats => !_lostRealTime.IsEmpty;

    /// <summary>
    /// When <see cref="OnTimeout"/> is due, also while no path accepts a frame; long.MaxValue for never.
    /// </summary>
    public long NextTimeout =>
        Math.Min(Math.Min(_realTime.NextExpiry, _second.NextExpiry), Math.Min(_copies.NextDue, _nextOverdue));

    /// <summary>Drops what has expired, and finds what is to be sent again.</summary>
    public void OnTimeout(long now)
    {
        ExpireRealTime(now);
        ExpireSecond(now);
        _copies.Advance(now);
        if (now >= _nextOverdue)
            RepeatOverdue(now);
    }

    /// <summary>Drops the real-time messages whose budget is used up, and reports them.</summary>
    public void ExpireRealTime(long now)
    {
        MessageQueue expired = _realTime.RemoveExpired(now);
        if (expired.IsEmpty)
            return;
        while (expired.Head is { Stream: { } stream, Sequence: ulong first })
        {
            // One report for neighbours: a blocked link expires hundreds of messages of a stream at once.
            ulong count = 0;
            while (
                expired.Head is { HasArrived: false } next
                && ReferenceEquals(next.Stream, stream)
                && next.Sequence == first + count
            )
            {
                Discard(now, expired.RemoveHead());
                count++;
            }

            if (count > 0)
                Report(stream.Id, first, count, UndeliveredReason.Expired);
            else
                EndRealTime(expired.RemoveHead()); // the second path has delivered it
        }

        NotifyWritable(MessageClass.RealTime);
    }

    /// <summary>Fills a frame with real-time messages.</summary>
    /// <param name="now">The time.</param>
    /// <param name="frame">The frame.</param>
    /// <param name="isForFresh">Its path carries fresh messages, and copies.</param>
    /// <param name="isForRepeats">Its path carries what was lost.</param>
    /// <returns>Whether all of them are written, so that the rest of the frame is free.</returns>
    public bool WriteRealTime(long now, ref FrameBuilder frame, bool isForFresh = true, bool isForRepeats = true)
    {
        ExpireRealTime(now);
        long stored = _realTimeBytes;
        bool areAllWritten =
            (!isForRepeats || WriteLostRealTime(now, ref frame)) && (!isForFresh || WriteFreshRealTime(now, ref frame));
        if (_realTimeBytes < stored)
            NotifyWritable(MessageClass.RealTime);
        return areAllWritten;
    }

    private bool WriteFreshRealTime(long now, ref FrameBuilder frame)
    {
        while (_realTime.Head is { } message)
        {
            if (message.HasArrived)
            {
                EndRealTime(_realTime.Dequeue());
                continue;
            }

            if (SizeOf(message) > frame.Capacity)
            {
                // It was accepted before the path turned out to be narrow.
                _realTime.Dequeue();
                DropUnsent(now, message, UndeliveredReason.TooLarge);
                continue;
            }

            if (!TryWriteRealTime(now, message, ref frame))
                break;
            _realTime.Dequeue();
            CountBudget(BudgetOf(message));
            _allowance.Earn(message.Length, CopyPolicy.Allowance);
            OnRealTimeWritten(now, message, frame.MayBeLost);
        }

        return _realTime.IsEmpty && WriteCopies(now, ref frame);
    }

    // A message without a budget never expires: when the room is used up, the oldest of them makes room.
    private void DropOldest(long now, int length)
    {
        while (!HasSharedRoom(MessageClass.RealTime, length) && _realTime.RemoveOldestWithoutBudget() is { } oldest)
            DropUnsent(now, oldest);
    }

    private void DropUnsent(long now, OutgoingMessage message, UndeliveredReason reason = UndeliveredReason.Expired)
    {
        (ulong stream, ulong sequence) = (message.Stream!.Id, message.Sequence);
        Discard(now, message);
        Report(stream, sequence, 1, reason);
    }

    // The end of a stream must reach the receiver also when the message that carried it does not. The mark has a
    // sequence of its own, so that the receiver counts the message as missing.
    private void Discard(long now, OutgoingMessage message)
    {
        SendStream stream = message.Stream!;
        bool isEnd = message.IsEnd;
        Release(message, MessageClass.RealTime);
        if (isEnd)
            Accept(now, stream, _pool.Rent([]), OutgoingKind.EndMark, end: true);
    }

    private static int SizeOf(OutgoingMessage message) =>
        WireFormat.MessageHeader + WireFormat.RealTimeFields + message.Length;

    private static bool TryWriteRealTime(long now, OutgoingMessage message, ref FrameBuilder frame)
    {
        if (message.Kind == OutgoingKind.Reset)
        {
            if (frame.Room < WireFormat.StreamReset)
                return false;
            frame.Reset(message);
            return true;
        }

        if (frame.Room < SizeOf(message))
            return false;
        frame.RealTime(message, now);
        return true;
    }
}
