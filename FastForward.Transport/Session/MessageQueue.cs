namespace FastForward.Transport.Session;

/// <summary>A queue linked by <see cref="OutgoingMessage.Next"/>. A message may be in one queue at a time.</summary>
internal struct MessageQueue
{
    private OutgoingMessage? _tail;

    public OutgoingMessage? Head { get; private set; }

    public readonly bool IsEmpty => Head is null;

    public void Append(OutgoingMessage message)
    {
        if (_tail is null)
            Head = message;
        else
            _tail.Next = message;
        _tail = message;
    }

    /// <summary>Appends all messages of another queue, which is empty afterwards.</summary>
    public void Append(ref MessageQueue other)
    {
        if (other.Head is null)
            return;
        if (_tail is null)
            Head = other.Head;
        else
            _tail.Next = other.Head;
        _tail = other._tail;
        other = default;
    }

    /// <summary>Removes the messages of one stream. Both queues keep their order.</summary>
    public MessageQueue RemoveOf(SendStream stream)
    {
        MessageQueue removed = default;
        MessageQueue kept = default;
        while (!IsEmpty)
        {
            OutgoingMessage message = RemoveHead();
            if (ReferenceEquals(message.Stream, stream))
                removed.Append(message);
            else
                kept.Append(message);
        }

        this = kept;
        return removed;
    }

    /// <summary>Removes the head. The queue must not be empty.</summary>
    public OutgoingMessage RemoveHead()
    {
        OutgoingMessage message = Head ?? throw new InvalidOperationException("The queue is empty.");
        Head = message.Next;
        if (Head is null)
            _tail = null;
        message.Next = null;
        return message;
    }
}
