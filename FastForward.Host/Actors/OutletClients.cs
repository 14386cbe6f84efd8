using System.Diagnostics.CodeAnalysis;

namespace FastForward.Host.Actors;

/// <summary>
/// The clients of an outlet and the rule by which one makes room for another: the node with the most gives up the one
/// that was idle the longest. So a flood at the bridge of a node takes no socket from the clients of another, except
/// what that has beyond its part.
/// </summary>
internal sealed class OutletClients(int most)
{
    private readonly Dictionary<(uint Node, ulong Stream), OutletClient> _byStream = [];
    private readonly Dictionary<uint, OutletNode> _nodes = [];
    private readonly RecencyList<OutletClient> _recency = new();
    private readonly Queue<OutletClient> _used = new();

    // For one node, as at the bridge, which ends a stream for each client that it displaces.
    private readonly int _mostDisplacements = Math.Max(100, most);

    public int Count => _recency.Count;

    /// <summary>The client that was idle the longest; null when there is none.</summary>
    public OutletClient? Oldest => _recency.Oldest;

    public bool IsFull => Count >= most;

    public bool TryFind(uint node, ulong stream, [NotNullWhen(true)] out OutletClient? client) =>
        _byStream.TryGetValue((node, stream), out client);

    /// <summary>The node of a new client; a new one, not yet known here, when it has no other client.</summary>
    public OutletNode NodeOf(uint id) => _nodes.TryGetValue(id, out OutletNode? node) ? node : new OutletNode(id);

    /// <summary>Which client makes room for a new one of <paramref name="node"/>.</summary>
    /// <returns>Null when the node has displaced as many as it may within this second.</returns>
    public OutletClient? TakePlace(OutletNode node, TimeSpan now)
    {
        if (node.Displacements.At(now) >= Math.Max(1, _mostDisplacements / Math.Max(1, _nodes.Count)))
            return null;
        node.Displacements.Add();
        OutletNode from = node;
        foreach (OutletNode other in _nodes.Values)
        {
            if (other.Clients.Count > from.Clients.Count)
                from = other;
        }

        return from.Clients.First!.Value;
    }

    public void Add(OutletClient client, TimeSpan now)
    {
        _byStream.Add((client.Node.Id, client.Stream), client);
        _nodes[client.Node.Id] = client.Node;
        client.Node.Clients.AddLast(client.Place);
        _recency.Add(client, now);
    }

    /// <summary>A datagram came from the client or went to it.</summary>
    public void Touch(OutletClient client, TimeSpan now)
    {
        _recency.Touch(client, now);
        client.Node.Clients.Remove(client.Place);
        client.Node.Clients.AddLast(client.Place);
        if (client.IsUsed)
            return;
        client.IsUsed = true;
        _used.Enqueue(client);
    }

    /// <summary>Takes one of those that were used since they were taken here; removed ones too.</summary>
    public bool TryTakeUsed([NotNullWhen(true)] out OutletClient? client)
    {
        if (!_used.TryDequeue(out client))
            return false;
        client.IsUsed = false;
        return true;
    }

    public void Remove(OutletClient client)
    {
        _byStream.Remove((client.Node.Id, client.Stream));
        _recency.Remove(client);
        client.Node.Clients.Remove(client.Place);
        if (client.Node.Clients.Count == 0)
            _nodes.Remove(client.Node.Id);
    }
}
