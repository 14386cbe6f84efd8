namespace FastForward.Transport.Session;

/// <summary>
/// The nodes without a route whose INITs arrived last. The number is bounded, because the ids are not verified.
/// </summary>
internal sealed class UnconfiguredNodes
{
    /// <summary>The limit; the node whose last INIT is oldest is replaced.</summary>
    public const int Capacity = 64;

    private readonly Dictionary<uint, (TransportKind Transport, long Count, long LastHeard)> _heard = [];

    public void Record(long now, uint node, TransportKind transport)
    {
        if (_heard.TryGetValue(node, out (TransportKind Transport, long Count, long LastHeard) known))
        {
            _heard[node] = (transport, known.Count + 1, now);
            return;
        }

        if (_heard.Count >= Capacity)
            _heard.Remove(_heard.MinBy(static pair => pair.Value.LastHeard).Key);
        _heard.Add(node, (transport, 1, now));
    }

    /// <summary>Removes a node, because it has a route now.</summary>
    public void Remove(uint node) => _heard.Remove(node);

    /// <summary>The nodes, sorted by id.</summary>
    public IReadOnlyList<UnconfiguredNode> Snapshot(long now)
    {
        if (_heard.Count == 0)
            return [];
        List<UnconfiguredNode> nodes = new(_heard.Count);
        foreach ((uint node, (TransportKind transport, long count, long lastHeard)) in _heard)
            nodes.Add(new UnconfiguredNode(node, transport, count, TimeSpan.FromMicroseconds(now - lastHeard)));
        nodes.Sort(static (one, other) => one.Node.CompareTo(other.Node));
        return nodes;
    }
}
