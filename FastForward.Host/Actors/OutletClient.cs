using FastForward.Transport;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>One stream of one bridge and the socket that exchanges its datagrams with the target.</summary>
internal sealed class OutletClient : Recent
{
    /// <summary>The node of the bridge.</summary>
    public required uint Node { get; init; }

    /// <summary>The bridge's stream.</summary>
    public required ulong Stream { get; init; }

    /// <summary>The stream of the replies.</summary>
    public required ForwardStream Reply { get; set; }

    /// <summary>The socket, connected to the target.</summary>
    public required UdpSocket Socket { get; init; }

    /// <summary>The hop limit that the socket has; 0 for that of the system.</summary>
    public int Hops { get; set; }

    /// <summary>Datagrams for the socket that the kernel dropped and that were counted.</summary>
    public uint Overflows { get; set; }
}
