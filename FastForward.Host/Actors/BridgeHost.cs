using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>The clients of a bridge with one IPv4 address or one IPv6 /64, the least recently used one first.</summary>
internal sealed class BridgeHost
{
    /// <summary>The ranks that a host can have.</summary>
    public const int Ranks = 3;

    /// <summary>Clients that others of this host have displaced.</summary>
    public SecondCount Displacements;

    public BridgeHost(UdpAddress address)
    {
        Address = address;
        IsLoopback = address.IsLoopback;
        Place = new LinkedListNode<BridgeHost>(this);
    }

    /// <summary>See <see cref="UdpAddress.Host"/>.</summary>
    public UdpAddress Address { get; }

    public bool IsLoopback { get; }

    /// <summary>Clients that have not answered an answer yet.</summary>
    public LinkedList<BridgeClient> Newcomers { get; } = new();

    public LinkedList<BridgeClient> Established { get; } = new();

    public int Count => Newcomers.Count + Established.Count;

    /// <summary>Of hosts with as many clients, a lower rank gives up one first: 0 has newcomers only, 2 none.</summary>
    public int Rank =>
        Established.Count == 0 ? 0
        : Newcomers.Count > 0 ? 1
        : 2;

    /// <summary>The client that gives up its place for another one.</summary>
    public BridgeClient Weakest => (Newcomers.First ?? Established.First)!.Value;

    /// <summary>Its place among the hosts with as many clients and its rank.</summary>
    public LinkedListNode<BridgeHost> Place { get; }

    /// <summary>What its clients have used together of the node's capacity.</summary>
    public ShareUse Use { get; } = new();
}
