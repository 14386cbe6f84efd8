using FastForward.Host.Interop;
using FastForward.Transport;

namespace FastForward.Host.Actors;

/// <summary>One stream of one bridge and the socket that speaks to the target for it.</summary>
internal sealed class OutletClient : Recent
{
    /// <summary>The node of the bridge.</summary>
    public required uint Node { get; init; }

    /// <summary>The bridge's stream.</summary>
    public required ulong Stream { get; init; }

    /// <summary>The stream that carries the answers.</summary>
    public required ulong AnswerStream { get; init; }

    /// <summary>The class of the bridge's stream, and of the answers.</summary>
    public required MessageClass Class { get; set; }

    /// <summary>The socket, connected to the target.</summary>
    public required DatagramSocket Socket { get; init; }

    /// <summary>The number of the socket in the ready set.</summary>
    public required int Slot { get; init; }
}
