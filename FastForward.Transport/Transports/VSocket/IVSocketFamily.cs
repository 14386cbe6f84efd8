using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>The system calls on AF_VSOCK sockets. Tests put another family of sockets in its place.</summary>
internal interface IVSocketFamily
{
    /// <summary>See <see cref="IConnectionMedium.TearsPackets"/>.</summary>
    bool TearsPackets { get; }

    /// <summary>Connections of the type seqpacket can reach this machine, as far as it is known.</summary>
    bool CarriesSeqPacket { get; }

    /// <summary>A non-blocking socket; invalid with errno when there is none to be had.</summary>
    Descriptor CreateSocket(int type);

    /// <summary>bind(2) to a port at every context id of this machine.</summary>
    /// <returns>0, or errno.</returns>
    int Bind(Descriptor socket, int port);

    /// <summary>connect(2).</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="remote">Where to.</param>
    /// <param name="toHost">See <see cref="VSocketTransportOptions.ToHost"/>.</param>
    /// <returns>0, or errno.</returns>
    int Connect(Descriptor socket, VSocketEndPoint remote, bool toHost);

    /// <summary>Writes the raw socket address of an end point, for a datagram.</summary>
    /// <returns>Its length.</returns>
    int WriteAddress(VSocketEndPoint remote, Span<byte> target);

    /// <summary>Where a datagram came from.</summary>
    /// <returns>Null when that is no place to send to.</returns>
    VSocketEndPoint? ReadAddress(ReadOnlySpan<byte> address);

    /// <summary>The context id of the far end of a connected socket; null when the kernel does not say.</summary>
    uint? ReadPeer(Descriptor socket);

    /// <summary>See <see cref="VSocketMachine.ReadCid"/>.</summary>
    uint? ReadOwnCid();
}
