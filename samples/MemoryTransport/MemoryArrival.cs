using FastForward.Transport.Transports;

/// <summary>What happened to a link, at the other side or by a call of this one.</summary>
internal enum MemoryArrivalKind
{
    Connect,
    Opened,
    Frame,
    Writable,
    Closed,
}

/// <summary>An entry of a transport's inbox.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Link">The link at this side; null while it is still to be accepted.</param>
/// <param name="Other">The link at the other side.</param>
/// <param name="Buffer">A frame, rented from the shared pool.</param>
/// <param name="Length">The bytes of the frame.</param>
/// <param name="Closure">Why the link closed.</param>
internal readonly record struct MemoryArrival(
    MemoryArrivalKind Kind,
    MemoryLink? Link,
    MemoryLink? Other = null,
    byte[]? Buffer = null,
    int Length = 0,
    LinkClosure Closure = default
)
{
    public static MemoryArrival Closed(MemoryLink link, LinkClosure closure) =>
        new(MemoryArrivalKind.Closed, link, Closure: closure);
}
