namespace FastForward.Transport.Node;

/// <summary>The nodes that were heard last of those that no route leads to; their number is bounded, for their ids are anybody's claim.</summary>
internal sealed class UnconfiguredNodes
{
    /// <summary>How many are remembered.</summary>
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

    /// <summary>A route leads to it now.</summary>
    public void Remove(uint node) => _heard.Remove(node);

    public IReadOnlyList<UnconfiguredNode> Snapshot(long now) =>
        _heard.Count == 0
            ? []
            :
            [
                .. _heard
                    .OrderBy(static pair => pair.Key)
                    .Select(pair => new UnconfiguredNode(
                        pair.Key,
                        pair.Value.Transport,
                        pair.Value.Count,
                        TimeSpan.FromMicroseconds(now - pair.Value.LastHeard)
                    )),
            ];
}
