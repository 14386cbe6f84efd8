using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>One way to reach a peer, over which a path is kept open.</summary>
/// <param name="Route">The row it comes from.</param>
/// <param name="Remote">
/// Where to connect: of a host name one of its addresses, or the name itself while no usable address of it is known.
/// </param>
/// <param name="Local">The local end point to connect from; null where there is no choice.</param>
/// <param name="KeyId">The key to prove; 0 for none.</param>
internal readonly record struct PathCandidate(Route Route, EndPoint Remote, IPEndPoint? Local, uint KeyId)
{
    public TransportKind Kind => Route.Row.Transport;

    /// <summary>The host name whose address is not known yet; null when there is something to connect to.</summary>
    public string? UnknownName => NamedEndPoint.NameOf(Remote);

    /// <summary>Whether it is the same way, whatever row it comes from.</summary>
    public bool IsSameAs(in PathCandidate other) =>
        Kind == other.Kind && KeyId == other.KeyId && Remote.Equals(other.Remote) && Equals(Local, other.Local);

    /// <summary>Whether paths over both have the same ends: the medium and the addresses, not the ports.</summary>
    public bool HasSameEndsAs(in PathCandidate other) =>
        Kind == other.Kind
        && Equals(Local, other.Local)
        && (Remote.Equals(other.Remote) || (Place is { } place && place == other.Place));

    /// <summary>Whether the path has the ends of this candidate, no matter which node opened it.</summary>
    public bool LeadsOver(SessionPath path)
    {
        if (path.Kind != Kind || Place is not { } place)
            return false;
        if (place.HasAddress && !path.Source.IsAt(place))
            return false;
        return Local is null || Local.Equals(((IForwardLink)path.Link).LocalEndPoint);
    }

    /// <summary>
    /// Where the peer is, without a port, and without an address where the medium has none; null while it is not known.
    /// </summary>
    private LinkSource? Place =>
        Remote switch
        {
            IPEndPoint ip => LinkSource.OfAddress(ip).WithoutPort,
            LinkLocalEndPoint linkLocal => linkLocal.Resolve() is { } ip ? LinkSource.OfAddress(ip).WithoutPort : null,
            _ when UnknownName is not null => null,
            RdmaEndPoint rdma => rdma.ToIPEndPoint() is { } ip ? LinkSource.OfAddress(ip).WithoutPort : null,
            _ => default(LinkSource),
        };
}
