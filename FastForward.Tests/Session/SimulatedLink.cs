using System.Net;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>One side of a simulated connection, or a simulated datagram link to an address.</summary>
internal sealed class SimulatedLink(SimulatedNode owner, TransportKind kind, LinkTraits traits, uint index)
{
    public SimulatedNode Owner { get; } = owner;

    public TransportKind Kind { get; } = kind;

    public LinkTraits Traits { get; } = traits;

    public uint Index { get; } = index;

    /// <summary>The other side of a connection.</summary>
    public SimulatedLink? Other { get; set; }

    /// <summary>The remote address of a datagram link, whichever process uses it.</summary>
    public uint RemoteNode { get; set; }

    /// <summary>The address of the remote process.</summary>
    public uint RemoteAddress => Other?.Owner.Address ?? RemoteNode;

    /// <summary>The user of the remote process, one per address, or the IP address of the remote process.</summary>
    public LinkSource Source => Other is { } other ? LinkSource.OfUser(other.Owner.Address) : PlaceOf(RemoteNode);

    /// <summary>The route that it is of.</summary>
    public SimulatedRoute Route => new(Kind, SimulatedRoute.NetworkOf(RemoteNode));

    /// <summary>The address of this side.</summary>
    public uint LocalAddress => SimulatedRoute.AddressOf(Owner.Address, Route.Network);

    public PathWay Way =>
        Other is null ? new PathWay(Kind, PlaceOf(LocalAddress), PlaceOf(RemoteNode)) : new PathWay(Kind);

    public SessionPath? Path { get; set; }

    public bool IsClosed { get; set; }

    /// <summary>Until when it accepts no frames, to simulate a full medium.</summary>
    public long RefusesUntil { get; set; }

    /// <summary>When the last sent frame arrives; later frames on a reliable link never arrive earlier.</summary>
    public long LastArrival { get; set; }

    /// <summary>The upper 8 bits of an address are a port beside the common one.</summary>
    public static LinkSource PlaceOf(uint address) =>
        LinkSource.OfAddress(new IPEndPoint(address & 0xFF_FFFF, 54_000 + (int)(address >> 24)));
}
