using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>The system calls on AF_VSOCK sockets. Tests replace them by those of another family.</summary>
internal interface IVSocketFamily
{
    /// <summary>See <see cref="IConnectionMedium.TearsPackets"/>.</summary>
    bool TearsPackets { get; }

    /// <summary>See <see cref="VSocketMachine.CarriesSeqPacket"/>.</summary>
    bool CarriesSeqPacket { get; }

    /// <summary>Creates a non-blocking socket; invalid, with errno, when the kernel refuses.</summary>
    Descriptor CreateSocket(int type);

    /// <summary>bind(2) to a port on every context id of this machine.</summary>
    /// <returns>0, or errno.</returns>
    int Bind(Descriptor socket, int port);

    /// <summary>connect(2).</summary>
    /// <param name="socket">The socket.</param>
    /// <param name="remote">The remote end point.</param>
    /// <param name="toHost">See <see cref="VSocketTransportOptions.ToHost"/>.</param>
    /// <returns>0, or errno.</returns>
    int Connect(Descriptor socket, VSocketEndPoint remote, bool toHost);

    /// <summary>Writes the raw socket address of an end point.</summary>
    /// <returns>Its length in bytes.</returns>
    int WriteAddress(VSocketEndPoint remote, Span<byte> target);

    /// <summary>Reads the raw source address of a datagram.</summary>
    /// <returns>Null when nothing can be sent to it.</returns>
    VSocketEndPoint? ReadAddress(ReadOnlySpan<byte> address);

    /// <summary>The context id of the peer of a connected socket; null when the kernel does not report it.</summary>
    uint? ReadPeer(Descriptor socket);

    /// <summary>See <see cref="VSocketMachine.ReadCid"/>.</summary>
    uint? ReadOwnCid();
}
