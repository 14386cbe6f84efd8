using FastForward.Transport;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>One UDP client of a bridge and the stream that carries its datagrams.</summary>
internal sealed class BridgeClient : Recent
{
    public BridgeClient() => Place = new LinkedListNode<BridgeClient>(this);

    /// <summary>Where it sends from and to: the place of its answers.</summary>
    public required UdpSource Source { get; init; }

    /// <summary>The clients of the same host.</summary>
    public required BridgeHost Host { get; init; }

    /// <summary>Its stream; replaced when a message of another class is needed.</summary>
    public required ForwardStream Stream { get; set; }

    /// <summary>Whether a message was accepted on the stream, which then must be ended.</summary>
    public bool Opened { get; set; }

    /// <summary>An answer was given to it.</summary>
    public bool IsAnswered { get; set; }

    /// <summary>It has sent again after an answer, so it is party to an exchange and no forged source.</summary>
    public bool IsEstablished { get; set; }

    /// <summary>Its place among the newcomers, or the established clients, of its host.</summary>
    public LinkedListNode<BridgeClient> Place { get; }

    /// <summary>What it has used of the node's capacity; see <see cref="Share"/>.</summary>
    public ShareUse OwnUse { get; } = new();

    /// <summary>
    /// Whose share it uses. The clients of a host share one; on the loopback address, where clients of different
    /// owners have the same address, an established client has one of its own.
    /// </summary>
    public ShareUse Share => IsEstablished && Host.IsLoopback ? OwnUse : Host.Use;
}
