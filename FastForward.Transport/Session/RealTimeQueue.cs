namespace FastForward.Transport.Session;

/// <summary>
/// Real-time messages of all streams in the order of acceptance. They are sent once and never retransmitted.
/// </summary>
internal sealed class RealTimeQueue
{
    private MessageQueue _messages;

    public OutgoingMessage? Head => _messages.Head;

    public bool IsEmpty => _messages.IsEmpty;

    public void Enqueue(SendStream stream, OutgoingMessage message)
    {
        message.Stream = stream;
        stream.Queued++;
        _messages.Append(message);
    }

    /// <summary>Removes the head, which must belong to <paramref name="stream"/>.</summary>
    public void Dequeue(SendStream stream)
    {
        _messages.RemoveHead();
        stream.Queued--;
    }

    /// <summary>Removes the messages of one stream, in order.</summary>
    public MessageQueue Remove(SendStream stream)
    {
        MessageQueue removed = default;
        if (stream.Queued == 0)
            return removed;
        MessageQueue kept = default;
        while (!_messages.IsEmpty)
        {
            OutgoingMessage message = _messages.RemoveHead();
            if (ReferenceEquals(message.Stream, stream))
                removed.Append(message);
            else
                kept.Append(message);
        }

        _messages = kept;
        stream.Queued = 0;
        return removed;
    }
}
