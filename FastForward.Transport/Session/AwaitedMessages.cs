namespace FastForward.Transport.Session;

/// <summary>
/// Real-time messages that were written on a path that may lose them, oldest first, until it is known what became of
/// them: a doubly linked list, because they leave in any order.
/// </summary>
internal sealed class AwaitedMessages
{
    private OutgoingMessage? _tail;

    public OutgoingMessage? Oldest { get; private set; }

    public void Add(OutgoingMessage message)
    {
        message.IsAwaited = true;
        message.Stream!.Awaited++;
        message.Previous = _tail;
        message.Next = null;
        if (_tail is null)
            Oldest = message;
        else
            _tail.Next = message;
        _tail = message;
    }

    public void Remove(OutgoingMessage message)
    {
        if (message.Previous is { } previous)
            previous.Next = message.Next;
        else
            Oldest = message.Next;
        if (message.Next is { } next)
            next.Previous = message.Previous;
        else
            _tail = message.Previous;
        message.Previous = null;
        message.Next = null;
        message.IsAwaited = false;
        message.Stream!.Awaited--;
    }
}
