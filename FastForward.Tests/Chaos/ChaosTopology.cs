using FastForward.Transport;

namespace FastForward.Tests.Chaos;

/// <summary>Three nodes: two pairs linked by UNIX sockets, one by UDP.</summary>
internal static class ChaosTopology
{
    public static IReadOnlyList<uint> Nodes { get; } = [25011, 25012, 25013];

    public static IEnumerable<uint> PeersOf(uint node) => Nodes.Where(other => other != node);

    public static TransportKind Between(uint one, uint other) =>
        one + other == Nodes[1] + Nodes[2] ? TransportKind.Ip : TransportKind.Socket;

    public static int SocketPeers(uint node) =>
        PeersOf(node).Count(other => Between(node, other) == TransportKind.Socket);

    public static int SocketPort(uint node) => (int)(node - 25000);

    public static string SocketPath(string directory, uint node) =>
        Path.Combine(directory, $"FastForward.{SocketPort(node)}.sock");

    public static int IndexOf(uint node) => (int)(node - Nodes[0]);
}
