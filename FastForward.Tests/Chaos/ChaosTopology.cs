namespace FastForward.Tests.Chaos;

/// <summary>
/// Three nodes. Each pair has two paths over UDP, between two addresses of the loopback, through a relay; two pairs
/// have UNIX sockets as well.
/// </summary>
internal static class ChaosTopology
{
    public static IReadOnlyList<uint> Nodes { get; } = [25011, 25012, 25013];

    /// <summary>Those whose paths lead through one relay.</summary>
    public static IReadOnlyList<(uint One, uint Other)> Pairs { get; } =
    [(Nodes[0], Nodes[1]), (Nodes[0], Nodes[2]), (Nodes[1], Nodes[2])];

    /// <summary>The UDP ports of the nodes, and then two of each relay.</summary>
    public static int PortCount => Nodes.Count + (2 * Pairs.Count);

    public static IEnumerable<uint> PeersOf(uint node) => Nodes.Where(other => other != node);

    public static bool HaveSockets(uint one, uint other) => one + other != Nodes[1] + Nodes[2];

    public static int SocketPeers(uint node) => PeersOf(node).Count(other => HaveSockets(node, other));

    /// <summary>Paths of a node that has all.</summary>
    public static int Paths(uint node) => SocketPeers(node) + (2 * PeersOf(node).Count());

    public static int SocketPort(uint node) => (int)(node - 25000);

    public static string SocketPath(string directory, uint node) =>
        Path.Combine(directory, $"FastForward.{SocketPort(node)}.sock");

    public static int IndexOf(uint node) => (int)(node - Nodes[0]);

    /// <summary>Where a node finds the relay to a peer, as an index of the ports.</summary>
    public static int RelayIndex(uint node, uint peer)
    {
        for (int i = 0; i < Pairs.Count; i++)
        {
            if (Pairs[i] == (node, peer) || Pairs[i] == (peer, node))
                return Nodes.Count + (2 * i) + (Pairs[i].One == node ? 0 : 1);
        }

        throw new ArgumentException($"{node} and {peer} are no pair.", nameof(peer));
    }
}
