using System.Net;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>What differs between address families whose sockets have connections.</summary>
internal interface IConnectionMedium
{
    /// <summary>See <see cref="LinkTraits.HostLocal"/>.</summary>
    bool IsHostLocal { get; }

    /// <summary>
    /// The kernel sends part of a packet, without reporting how much, when there is too little room for all of it. A
    /// packet must then only be sent when it is known to fit; see <see cref="WindowedPacketChannel"/>.
    /// </summary>
    bool TearsPackets { get; }

    /// <summary>The socket type of accepted connections.</summary>
    int ListenerType { get; }

    /// <summary>The socket type of an attempt to connect.</summary>
    /// <param name="remote">The remote end point.</param>
    /// <param name="attempt">The number of the attempt, from 0.</param>
    /// <returns>0 when there is no further type to try.</returns>
    int TypeFor(EndPoint remote, int attempt);

    /// <summary>A connection of this type was established; the next attempt uses it first.</summary>
    void Connected(EndPoint remote, int type);

    /// <summary>Whether this errno of <see cref="Connect"/> can mean that the peer listens with another type.</summary>
    bool MayBeOfAnotherType(int error);

    /// <summary>Creates a non-blocking socket; invalid, with errno, when the kernel refuses.</summary>
    Descriptor CreateSocket(int type);

    /// <summary>connect(2) to <paramref name="remote"/>.</summary>
    /// <returns>0, or errno.</returns>
    int Connect(Descriptor socket, EndPoint remote);

    /// <summary>Describes an errno of <see cref="Connect"/>.</summary>
    LinkClosure ConnectFailure(int error, EndPoint remote);

    /// <summary>The remote end point of a connection accepted at <paramref name="local"/>.</summary>
    EndPoint AcceptedFrom(Descriptor socket, EndPoint local);

    /// <summary>What the kernel vouches for about the peer of a connected socket.</summary>
    PeerCredentials? ReadCredentials(Descriptor socket);

    /// <summary>Why a peer with these credentials is refused, as a clause; null when it is accepted.</summary>
    string? ReasonToRefuse(PeerCredentials? credentials);
}
