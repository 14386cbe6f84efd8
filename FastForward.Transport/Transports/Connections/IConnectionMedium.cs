using System.Net;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>What differs between the address families whose sockets have connections.</summary>
internal interface IConnectionMedium
{
    /// <summary>See <see cref="LinkTraits.HostLocal"/>.</summary>
    bool IsHostLocal { get; }

    /// <summary>
    /// The kernel takes a packet in part, and does not say how much of it, when there is too little room: room is
    /// to be known before a packet is sent. See <see cref="WindowedPacketChannel"/>.
    /// </summary>
    bool TearsPackets { get; }

    /// <summary>The socket type of accepted connections.</summary>
    int ListenerType { get; }

    /// <summary>The socket type for a certain attempt, from 0, to connect to <paramref name="remote"/>; 0 when there are no more to try.</summary>
    int TypeFor(EndPoint remote, int attempt);

    /// <summary>A connection of this type stands: the next one is tried with it first.</summary>
    void Connected(EndPoint remote, int type);

    /// <summary>Such an errno of <see cref="Connect"/> may only mean that the far end listens with another type.</summary>
    bool MayBeOfAnotherType(int error);

    /// <summary>A non-blocking socket; invalid with errno when there is none to be had.</summary>
    Descriptor CreateSocket(int type);

    /// <summary>connect(2) to <paramref name="remote"/>.</summary>
    /// <returns>0, or errno.</returns>
    int Connect(Descriptor socket, EndPoint remote);

    /// <summary>What an errno of <see cref="Connect"/> says about the far end.</summary>
    LinkClosure ConnectFailure(int error, EndPoint remote);

    /// <summary>What an accepted connection shows as its far end, having come in at <paramref name="local"/>.</summary>
    EndPoint AcceptedFrom(Descriptor socket, EndPoint local);

    /// <summary>What the kernel vouches for about the far end of a connected socket.</summary>
    PeerCredentials? ReadCredentials(Descriptor socket);

    /// <summary>Why such a peer is not wanted, as a sentence; null when it is welcome.</summary>
    string? ReasonToRefuse(PeerCredentials? credentials);
}
