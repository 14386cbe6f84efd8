namespace FastForward.Transport.Session;

/// <summary>
/// The nodes without a route whose handshakes arrived last. Their number is bounded, since anybody can claim any id.
/// </summary>
internal sealed class UnconfiguredNodes
{
    /// <summary>How many are remembered; the one heard longest ago is replaced.</summary>
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

    /// <summary>A route to the node has appeared.</summary>
    public void Remove(uint node) => _heard.Remove(node);

    /// <summary>The nodes in the order of their ids.</summary>
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
