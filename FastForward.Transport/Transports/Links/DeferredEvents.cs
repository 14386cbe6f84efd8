namespace FastForward.Transport.Transports.Links;

/// <summary>
/// Events caused by calls of the owner (Connect, Close, a failed send), which must not be delivered inside these calls.
/// A poll delivers the events that were waiting when it began; events that these cause wait for the next poll.
/// </summary>
internal sealed class DeferredEvents
{
    private readonly Queue<Entry> _queue = new();

    private enum Kind
    {
        Opened,
        Writable,
        Closed,
    }

    public bool Any => _queue.Count > 0;

    public void Opened(TransportLink link) => _queue.Enqueue(new Entry(Kind.Opened, link, default));

    public void Writable(TransportLink link) => _queue.Enqueue(new Entry(Kind.Writable, link, default));

    public void Closed(TransportLink link, LinkClosure closure) =>
        _queue.Enqueue(new Entry(Kind.Closed, link, closure));

    /// <summary>Delivers up to <paramref name="budget"/> of the waiting events.</summary>
    /// <returns>The number of events delivered.</returns>
    public int Dispatch(ILinkSink sink, int budget)
    {
        int count = Math.Min(_queue.Count, budget);
        for (int i = 0; i < count; i++)
        {
            Entry entry = _queue.Dequeue();
            switch (entry.Kind)
            {
                case Kind.Opened:
                    entry.Link.DeliverOpened(sink);
                    break;
                case Kind.Writable:
                    entry.Link.DeliverWritable(sink);
                    break;
                default:
                    entry.Link.DeliverClosed(sink, entry.Closure);
                    break;
            }
        }

        return count;
    }

    private readonly record struct Entry(Kind Kind, TransportLink Link, LinkClosure Closure);
}
