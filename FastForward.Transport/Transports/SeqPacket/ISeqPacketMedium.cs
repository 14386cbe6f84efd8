using System.Net;
using FastForward.Transport.Interop;

namespace FastForward.Transport;

/// <summary>What differs between the address families that have SOCK_SEQPACKET.</summary>
internal interface ISeqPacketMedium
{
    /// <summary>The far end cannot be on another machine.</summary>
    bool IsHostLocal { get; }

    /// <summary>A non-blocking socket; invalid with errno when there is none to be had.</summary>
    Descriptor CreateSocket();

    /// <summary>connect(2) to <paramref name="remote"/>.</summary>
    /// <returns>0, or errno.</returns>
    int Connect(Descriptor socket, EndPoint remote);

    /// <summary>What an errno of <see cref="Connect"/> says about the far end.</summary>
    LinkClosure ConnectFailure(int error, EndPoint remote);

    /// <summary>What the kernel vouches for about the far end of a connected socket.</summary>
    PeerCredentials? ReadCredentials(Descriptor socket);

    /// <summary>Why such a peer is not wanted, as a sentence; null when it is welcome.</summary>
    string? ReasonToRefuse(PeerCredentials? credentials);
}
