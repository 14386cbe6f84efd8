using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>The clients of a bridge that have the same IP address, the least recently used one first.</summary>
internal sealed class BridgeHost
{
    public BridgeHost(UdpAddress address)
    {
        Address = address;
        IsLoopback = address.IsLoopback;
        Place = new LinkedListNode<BridgeHost>(this);
    }

    /// <summary>The address, with port 0.</summary>
    public UdpAddress Address { get; }

    public bool IsLoopback { get; }

    /// <summary>Clients that have not answered an answer yet.</summary>
    public LinkedList<BridgeClient> Newcomers { get; } = new();

    public LinkedList<BridgeClient> Established { get; } = new();

    public int Count => Newcomers.Count + Established.Count;

    /// <summary>Its place among the hosts with as many clients.</summary>
    public LinkedListNode<BridgeHost> Place { get; }

    /// <summary>What its clients have used together of the node's capacity.</summary>
    public ShareUse Use { get; } = new();

    /// <summary>The number of the second in which <see cref="Displacements"/> counts.</summary>
    public long Second { get; set; }

    /// <summary>Clients that others of this host have displaced within the second.</summary>
    public int Displacements { get; set; }
}
