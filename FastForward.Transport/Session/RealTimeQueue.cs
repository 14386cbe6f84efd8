namespace FastForward.Transport.Session;

/// <summary>Real-time messages of all streams in the order of their acceptance: each leaves the store with its first frame.</summary>
internal sealed class RealTimeQueue
{
    private OutgoingMessage? _tail;

    public OutgoingMessage? Head { get; private set; }

    public bool IsEmpty => Head is null;

    public void Enqueue(OutgoingMessage message)
    {
        message.Stream!.Queued++;
        Append(message);
    }

    public void Dequeue()
    {
        OutgoingMessage message = Head!;
        Head = message.Next;
        if (Head is null)
            _tail = null;
        message.Next = null;
        message.Stream!.Queued--;
    }

    /// <summary>Takes the messages of one stream out, in order, as a chain.</summary>
    public OutgoingMessage? TakeOut(SendStream stream)
    {
        if (stream.Queued == 0)
            return null;
        OutgoingMessage? chain = null,
            chainEnd = null;
        OutgoingMessage? message = Head;
        Head = null;
        _tail = null;
        while (message is not null)
        {
            OutgoingMessage? next = message.Next;
            message.Next = null;
            if (!ReferenceEquals(message.Stream, stream))
                Append(message);
            else if (chainEnd is null)
                chain = chainEnd = message;
            else
                chainEnd = chainEnd.Next = message;
            message = next;
        }

        stream.Queued = 0;
        return chain;
    }

    private void Append(OutgoingMessage message)
    {
        if (_tail is null)
            Head = message;
        else
            _tail.Next = message;
        _tail = message;
    }
}
