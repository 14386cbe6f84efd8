using FastForward.Transport;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>One stream of one bridge and the socket that exchanges its datagrams with the target.</summary>
internal sealed class OutletClient : Recent
{
    public OutletClient() => Place = new LinkedListNode<OutletClient>(this);

    /// <summary>The node of the bridge.</summary>
    public required OutletNode Node { get; init; }

    /// <summary>The bridge's stream.</summary>
    public required ulong Stream { get; init; }

    /// <summary>The stream of the replies.</summary>
    public required ForwardStream Reply { get; init; }

    /// <summary>The socket, connected to the target.</summary>
    public required UdpSocket Socket { get; init; }

    /// <summary>Its place among the clients of its node.</summary>
    public LinkedListNode<OutletClient> Place { get; }

    /// <summary>The hop limit that the socket has; 0 for that of the system.</summary>
    public int Hops { get; set; }

    /// <summary>Datagrams for the socket that the kernel dropped and that were counted.</summary>
    public uint Overflows { get; set; }

    /// <summary>It was used since <see cref="Overflows"/> was read.</summary>
    public bool IsUsed { get; set; }
}
