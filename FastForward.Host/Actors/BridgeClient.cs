using FastForward.Transport;
using FastForward.Transport.Sockets;

namespace FastForward.Host.Actors;

/// <summary>One UDP client of a bridge and the stream that carries its datagrams.</summary>
internal sealed class BridgeClient : Recent
{
    /// <summary>Where it sends from, and where replies go.</summary>
    public required UdpAddress Address { get; init; }

    /// <summary>Its stream; replaced when a message of another class is needed.</summary>
    public required ForwardStream Stream { get; set; }

    /// <summary>Whether a message was accepted on the stream, which then must be ended.</summary>
    public bool Opened { get; set; }
}
