namespace FastForward.Transport.Transports.VSocket;

/// <summary>The type of socket that a <see cref="VSocketTransport"/> uses.</summary>
public enum VSocketType
{
    /// <summary>
    /// Listens with <see cref="SeqPacket"/> where this machine's vSocket transport supports it, otherwise with
    /// <see cref="Stream"/>. Connects with either: if the peer listens with the other type, that one is tried next and
    /// remembered. Never <see cref="Datagram"/>.
    /// </summary>
    Auto,

    /// <summary>
    /// SOCK_DGRAM: unreliable, and only between machines of one VMware host (VMCI), all of which must use this type.
    /// Reliable messages are not carried. <see cref="Auto"/> does not choose it, because Linux lets datagram sockets be
    /// bound on any machine with VMware's module, even where no datagram can be delivered.
    /// </summary>
    Datagram,

    /// <summary>
    /// SOCK_SEQPACKET: since Linux 5.14 between KVM guests and their host, and within one machine (vsock_loopback).
    /// </summary>
    SeqPacket,

    /// <summary>
    /// SOCK_STREAM with a length before each frame: supported by every vSocket transport, including Hyper-V and
    /// Firecracker.
    /// </summary>
    Stream,
}
