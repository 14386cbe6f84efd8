using FastForward.Transport.Session.Recovery;

namespace FastForward.Transport.Session;

/// <content>
/// Real-time messages that a path lost: they are written again while their budget lasts. Ends and resets of streams are
/// written again until they have arrived.
/// </content>
internal sealed partial class Sender
{
    // So much before the last moment something is sent again.
    private const long Margin = 2_000;

    private readonly AwaitedMessages _awaited = new();
    private MessageQueue _lostRealTime;
    private RepeatAllowance _allowance = new();
    private long _path; // whose acknowledgements are the last ones
    private ulong _largestAcknowledged;
    private long _nextOverdue = long.MaxValue;

    /// <summary>
    /// The path acknowledges frames. A message that it has not, although it has later frames, is sent again as late as
    /// that still helps: most of them are only late.
    /// </summary>
    public void OnAcknowledged(long now, long path, ulong largest)
    {
        (_path, _largestAcknowledged) = (path, largest);
        RepeatOverdue(now);
    }

    /// <summary>
    /// Real-time messages take another path: what is not known to have arrived is written there again, and first.
    /// </summary>
    /// <param name="now">The time.</param>
    /// <param name="path">The other path: what it carried last itself is awaited there.</param>
    public void RepeatRealTime(long now, long path)
    {
        OutgoingMessage? next = _awaited.Oldest;
        while (next is { } message)
        {
            next = message.Next;
            if (message.LastPath != path)
                OnRealTimeLost(now, message, isMoved: true);
        }

        _largestAcknowledged = 0;
        _nextOverdue = long.MaxValue;
    }

    private void OnRealTimeWritten(long now, OutgoingMessage message, bool mayBeLost)
    {
        if (!mayBeLost)
        {
            EndRealTime(message);
            return;
        }

        _awaited.Add(message);
        ScheduleCopies(now, message);
    }

    // AwaitedMessages are in the order of the frames that carried them last.
    private void RepeatOverdue(long now)
    {
        _nextOverdue = long.MaxValue;
        OutgoingMessage? next = _awaited.Oldest;
        while (next is { } message && (message.LastPath != _path || message.LastFrame < _largestAcknowledged))
        {
            next = message.Next;
            if (message.LastPath != _path)
                continue;
            long left = BudgetOf(message) - message.AgeAt(now) - CopyPolicy.Quality.Transit.Q99 - Margin;
            if (left > 0)
                _nextOverdue = Math.Min(_nextOverdue, now + left);
            else if (MayRepeat(now, message))
                OnRealTimeLost(now, message);
        }
    }

    // It has arrived, as far as this side has to care.
    private void EndRealTime(OutgoingMessage message)
    {
        SendStream stream = message.Stream!;
        bool isEnd = message.IsEnd;
        Release(message, MessageClass.RealTime);
        if (isEnd)
            Close(stream); // what was written before is still repeated: the end waits for it at the receiver
    }

    private void OnRealTimeArrived(OutgoingMessage message)
    {
        if (message.IsAwaited)
        {
            _awaited.Remove(message);
            EndRealTime(message);
            _wasRoomFreed = true;
        }
        else
        {
            message.HasArrived = true; // it waits to be written again
        }
    }

    // Returns whether it is written again.
    private bool OnRealTimeLost(long now, OutgoingMessage message, bool isMoved = false)
    {
        if (!message.IsAwaited)
            return false;
        _awaited.Remove(message);
        if (
            MayRepeat(now, message)
            && (isMoved || message.IsEnd || message.IsImportant || _allowance.TryUse(message.Length))
        )
        {
            _lostRealTime.Append(message);
            return true;
        }

        bool isEnd = message.IsEnd;
        GiveUp(now, message);
        return isEnd; // by a mark
    }

    private static long BudgetOf(OutgoingMessage message) => RealTimeBudget.OrDefault(message.Budget);

    // At least half of the repetitions must be able to arrive in time.
    private bool MayRepeat(long now, OutgoingMessage message)
    {
        if (message.Kind != OutgoingKind.Message)
            return true;
        return message.AgeAt(now) + CopyPolicy.Quality.Transit.Median < BudgetOf(message)
            && message.Repeats < CopyPolicy.MaxRepeats;
    }

    // The receiver notices the gap. The end of the stream goes on without the message.
    private void GiveUp(long now, OutgoingMessage message)
    {
        _statistics.NotRepeated();
        Discard(now, message);
        NotifyWritable(MessageClass.RealTime);
    }

    // Returns true when all of them are written.
    private bool WriteLostRealTime(long now, ref FrameBuilder frame)
    {
        while (_lostRealTime.Head is { } message)
        {
            if (message.HasArrived)
            {
                EndRealTime(_lostRealTime.RemoveHead());
                continue;
            }

            if (!MayRepeat(now, message) || SizeOf(message) > frame.Capacity)
            {
                GiveUp(now, _lostRealTime.RemoveHead());
                continue;
            }

            if (!TryWriteRealTime(now, message, ref frame))
                return false;
            _lostRealTime.RemoveHead();
            message.Repeats++;
            _statistics.Repeated();
            OnRealTimeWritten(now, message, frame.MayBeLost);
        }

        return true;
    }

    private void DropAwaited(SendStream stream)
    {
        OutgoingMessage? next = _awaited.Oldest;
        while (stream.Awaited > 0 && next is { } message)
        {
            next = message.Next;
            if (!ReferenceEquals(message.Stream, stream))
                continue;
            _awaited.Remove(message);
            Release(message, MessageClass.RealTime);
        }
    }

    private void DropLost(SendStream stream)
    {
        MessageQueue dropped = _lostRealTime.RemoveOf(stream);
        while (!dropped.IsEmpty)
            Release(dropped.RemoveHead(), MessageClass.RealTime);
    }

    // What was written makes room for what was not.
    private void DropOldestAwaited(int length)
    {
        OutgoingMessage? next = _awaited.Oldest;
        while (next is { } message && !HasSharedRoom(MessageClass.RealTime, length))
        {
            next = message.Next;
            if (message.IsEnd)
                continue;
            _awaited.Remove(message);
            _statistics.NotRepeated();
            Release(message, MessageClass.RealTime);
        }
    }
}
