namespace FastForward.Transport.Async;

/// <summary>The sends that wait for room on one stream, first come first served. Belongs to the loop thread.</summary>
internal sealed class WaitingSends
{
    private SendOperation? _last;

    public uint Node { get; set; }

    public ulong Stream { get; set; }

    public SendOperation? First { get; private set; }

    public void Add(SendOperation operation)
    {
        operation.Queue = this;
        operation.Previous = _last;
        if (_last is null)
            First = operation;
        else
            _last.Next = operation;
        _last = operation;
    }

    public void Remove(SendOperation operation)
    {
        if (operation.Previous is { } previous)
            previous.Next = operation.Next;
        else
            First = operation.Next;
        if (operation.Next is { } next)
            next.Previous = operation.Previous;
        else
            _last = operation.Previous;
        operation.Queue = null;
        operation.Next = null;
        operation.Previous = null;
    }
}
