namespace FastForward.Transport.Session;

/// <summary>
/// Real-time messages of all streams in the order of acceptance. They expire when their budget is used up before they
/// are written.
/// </summary>
internal sealed class RealTimeQueue
{
    private MessageQueue _messages;
    private long _shortestBudget = long.MaxValue; // of all messages, or of some that have left since
    private int _withoutBudget;

    public OutgoingMessage? Head => _messages.Head;

    public bool IsEmpty => _messages.IsEmpty;

    /// <summary>When a message may expire: never later than the first one does; long.MaxValue for never.</summary>
    public long NextExpiry { get; private set; } = long.MaxValue;

    public void Enqueue(SendStream stream, OutgoingMessage message)
    {
        message.Stream = stream;
        stream.Queued++;
        _messages.Append(message);
        if (message.Kind != OutgoingKind.Message)
            return;
        if (message.Budget == 0)
        {
            _withoutBudget++;
            return;
        }

        _shortestBudget = Math.Min(_shortestBudget, message.RemainingBudget);
        NextExpiry = Math.Min(NextExpiry, message.ExpiresAt);
    }

    /// <summary>Removes the head. The queue must not be empty.</summary>
    public OutgoingMessage Dequeue() => Removed(_messages.RemoveHead());

    /// <summary>Removes the messages that have expired, in order.</summary>
    public MessageQueue RemoveExpired(long now)
    {
        MessageQueue expired = default;
        if (now < NextExpiry)
            return expired;
        MessageQueue kept = default;
        long next = long.MaxValue;
        long shortest = long.MaxValue;
        // Messages are in the order of their acceptance: behind the first one that is younger than the shortest budget
        // none has expired. If none has before it either, the message with the shortest budget may have left: the rest
        // is looked at, too, so that the next time is exact.
        while (Head is { } message && (now - message.AcceptedAt >= _shortestBudget || expired.IsEmpty))
        {
            _messages.RemoveHead();
            if (now >= message.ExpiresAt)
            {
                expired.Append(message);
                continue;
            }

            kept.Append(message);
            next = Math.Min(next, message.ExpiresAt);
            if (message.ExpiresAt != long.MaxValue)
                shortest = Math.Min(shortest, message.RemainingBudget);
        }

        if (Head is { } young)
            next = Math.Min(next, young.AcceptedAt + _shortestBudget);
        else
            _shortestBudget = shortest;
        kept.Append(ref _messages);
        _messages = kept;
        for (OutgoingMessage? message = expired.Head; message is not null; message = message.Next)
            Removed(message);
        if (!IsEmpty)
            NextExpiry = next;
        return expired;
    }

    /// <summary>Removes the oldest message without a budget; null when there is none.</summary>
    public OutgoingMessage? RemoveOldestWithoutBudget()
    {
        if (_withoutBudget == 0)
            return null;
        MessageQueue before = default;
        while (Head is { } message && !(message is { Kind: OutgoingKind.Message, Budget: 0 }))
            before.Append(_messages.RemoveHead());
        OutgoingMessage oldest = _messages.RemoveHead();
        before.Append(ref _messages);
        _messages = before;
        return Removed(oldest);
    }

    /// <summary>Removes the messages of one stream, in order.</summary>
    public MessageQueue Remove(SendStream stream)
    {
        if (stream.Queued == 0)
            return default;
        MessageQueue removed = _messages.RemoveOf(stream);
        for (OutgoingMessage? message = removed.Head; message is not null; message = message.Next)
            Removed(message);
        return removed;
    }

    private OutgoingMessage Removed(OutgoingMessage message)
    {
        message.Stream!.Queued--;
        if (message is { Kind: OutgoingKind.Message, Budget: 0 })
            _withoutBudget--;
        if (!IsEmpty)
            return message;
        _shortestBudget = long.MaxValue;
        NextExpiry = long.MaxValue;
        return message;
    }
}
