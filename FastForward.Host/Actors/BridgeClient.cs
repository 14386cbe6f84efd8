using FastForward.Host.Interop;
using FastForward.Transport;

namespace FastForward.Host.Actors;

/// <summary>One UDP client of a bridge and the stream that carries its datagrams.</summary>
internal sealed class BridgeClient : Recent
{
    /// <summary>Where it sends from, and where answers go.</summary>
    public required UdpAddress Address { get; init; }

    /// <summary>The number of its stream within the service.</summary>
    public ulong Number { get; set; }

    /// <summary>The class of the stream.</summary>
    public MessageClass Class { get; set; }

    /// <summary>A message was accepted on the stream: it must be ended.</summary>
    public bool Opened { get; set; }
}
