using System.Globalization;
using System.Net;
using FastForward.Tests.Host.Processes;

namespace FastForward.Tests.Chaos;

/// <summary>
/// Two nodes in network namespaces of their own, and a third namespace that routes between them in two networks. A
/// packet with the source address of one network is not routed in the other one. Needs root.
/// </summary>
internal sealed class ChaosNetworks : IDisposable
{
    /// <summary>The interface of the first network on each node; the router's are <c>a1</c> and <c>b1</c>.</summary>
    public const string First = "n1";

    private const int Count = 2;
    private readonly Dictionary<uint, NetworkNamespace> _nodes = [];
    private readonly NetworkNamespace _router;

    public ChaosNetworks()
    {
        _router = new NetworkNamespace();
        try
        {
            foreach (uint node in Nodes)
                _nodes.Add(node, new NetworkNamespace());
            Route("echo 1 > /proc/sys/net/ipv4/ip_forward");
            foreach (uint node in Nodes)
                Connect(node);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    public static IReadOnlyList<uint> Nodes { get; } = [ChaosTopology.Nodes[0], ChaosTopology.Nodes[1]];

    public static uint PeerOf(uint node) => Nodes[0] == node ? Nodes[1] : Nodes[0];

    /// <summary>One in each network.</summary>
    public static IReadOnlyList<IPAddress> AddressesOf(uint node) =>
        [.. Enumerable.Range(1, Count).Select(network => IPAddress.Parse($"{Subnet(node, network)}.2"))];

    public NetworkNamespace Of(uint node) => _nodes[node];

    /// <summary>Runs shell commands in the namespace of the router.</summary>
    public void Route(string commands) => _router.Run("sh", "-ec", commands);

    /// <summary>Takes interfaces of a node down.</summary>
    public void TakeDown(uint node, params string[] interfaces) =>
        Run(node, string.Join('\n', interfaces.Select(static one => $"ip link set {one} down")));

    /// <summary>Takes them up again, with the routes that the kernel removed meanwhile.</summary>
    public void TakeUp(uint node, params string[] interfaces) =>
        Run(
            node,
            string.Join('\n', interfaces.Select(one => $"ip link set {one} up\n{WayToPeer(node, NumberOf(one))}"))
        );

    public void RemoveAddress(uint node, string name) =>
        Run(node, $"ip addr del {Subnet(node, NumberOf(name))}.2/24 dev {name}");

    public void AddAddress(uint node, string name) =>
        Run(node, $"ip addr add {Subnet(node, NumberOf(name))}.2/24 dev {name}\n{WayToPeer(node, NumberOf(name))}");

    /// <summary>The router drops, without a sign, datagrams to a port that come in at one of its interfaces.</summary>
    public void Block(string from, int port) =>
        Route($"ip rule add pref 10 iif {from} ipproto udp dport {port} blackhole");

    /// <summary>Ends all of <see cref="Block"/>.</summary>
    public void Unblock() => Route("while ip rule del pref 10 2>/dev/null; do :; done");

    public void Dispose()
    {
        // The interfaces of a namespace end with its last process.
        foreach (NetworkNamespace node in _nodes.Values)
            node.Dispose();
        _router.Dispose();
    }

    private static int NumberOf(string name) => int.Parse(name[1..], CultureInfo.InvariantCulture);

    private static string Subnet(uint node, int network) => $"10.{77 + ChaosTopology.IndexOf(node)}.{network}";

    private static string WayToPeer(uint node, int network) =>
        $"ip route replace {Subnet(PeerOf(node), network)}.0/24 via {Subnet(node, network)}.1";

    private void Run(uint node, string commands) => _nodes[node].Run("sh", "-ec", commands);

    private void Connect(uint node)
    {
        for (int network = 1; network <= Count; network++)
        {
            string near = $"{(char)('a' + ChaosTopology.IndexOf(node))}{network}";
            Route(
                $"""
                ip link add {near} type veth peer name n{network} netns {_nodes[node].Id}
                ip addr add {Subnet(node, network)}.1/24 dev {near}
                ip link set {near} up
                echo 1 > /proc/sys/net/ipv4/conf/{near}/rp_filter
                """
            );
            Run(node, $"ip addr add {Subnet(node, network)}.2/24 dev n{network}");
            TakeUp(node, $"n{network}");
        }
    }
}
