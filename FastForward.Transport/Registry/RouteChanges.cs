namespace FastForward.Transport.Registry;

/// <summary>
/// What one reader of a resolver has not seen yet: the nodes whose routes were added, changed or removed since it
/// looked last. Thread-safe.
/// </summary>
internal sealed class RouteChanges : IDisposable
{
    private readonly OverrideResolver _resolver;
    private readonly Action _notify;
    private readonly Lock _gate = new();
    private HashSet<uint> _nodes;

    /// <param name="resolver">The resolver.</param>
    /// <param name="nodes">The nodes that have routes now.</param>
    /// <param name="notify">Is called, on any thread, when there is something to take again.</param>
    public RouteChanges(OverrideResolver resolver, IEnumerable<uint> nodes, Action notify)
    {
        _resolver = resolver;
        _nodes = [.. nodes];
        _notify = notify;
    }

    /// <summary>
    /// The nodes since the last call; the caller owns the set. Their routes may change again meanwhile.
    /// </summary>
    public HashSet<uint> Take()
    {
        lock (_gate)
        {
            HashSet<uint> taken = _nodes;
            _nodes = [];
            return taken;
        }
    }

    /// <summary>Adds nodes. <see cref="Notify"/> must follow if this returns true.</summary>
    public bool Add(IReadOnlyList<uint> nodes)
    {
        lock (_gate)
        {
            bool isFirst = _nodes.Count == 0;
            _nodes.UnionWith(nodes);
            return isFirst;
        }
    }

    /// <summary>Tells the reader.</summary>
    public void Notify() => _notify();

    /// <summary>Stops collecting.</summary>
    public void Dispose() => _resolver.Forget(this);
}
