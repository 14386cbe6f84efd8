using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>One end of a simulated connection or of a simulated datagram association of addresses.</summary>
internal sealed class SimulatedLink(SimulatedNode owner, TransportKind kind, LinkTraits traits, uint index)
{
    public SimulatedNode Owner { get; } = owner;

    public TransportKind Kind { get; } = kind;

    public LinkTraits Traits { get; } = traits;

    public uint Index { get; } = index;

    /// <summary>The other end of a connection.</summary>
    public SimulatedLink? Other { get; set; }

    /// <summary>The far node of a datagram link: an address, whoever runs there.</summary>
    public uint RemoteNode { get; set; }

    public SessionPath? Path { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Until when it takes no frames: the medium is full.</summary>
    public long RefusesUntil { get; set; }

    /// <summary>When the last frame sent over it arrives: a reliable link keeps the order.</summary>
    public long LastArrival { get; set; }
}
