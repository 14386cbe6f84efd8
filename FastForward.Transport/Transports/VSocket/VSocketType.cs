namespace FastForward.Transport.Transports.VSocket;

/// <summary>The type of socket that a <see cref="VSocketTransport"/> uses.</summary>
public enum VSocketType
{
    /// <summary>
    /// <see cref="SeqPacket"/> where this machine's way to its hypervisor has it, otherwise <see cref="Stream"/>; towards a
    /// peer that listens with the other one of the two, that one is tried next and remembered. Never
    /// <see cref="Datagram"/>.
    /// </summary>
    Auto,

    /// <summary>
    /// SOCK_DGRAM: unreliable, and only between machines of one VMware host (VMCI), all of which must be set to it. Reliable
    /// messages are not carried. Linux lets datagrams be bound on any machine that has loaded VMware's module, also where
    /// nobody receives them: that is why <see cref="Auto"/> does not take them.
    /// </summary>
    Datagram,

    /// <summary>SOCK_SEQPACKET: since Linux 5.14 between KVM guests and their host, and on one machine (vsock_loopback).</summary>
    SeqPacket,

    /// <summary>SOCK_STREAM with a length before each frame: wherever AF_VSOCK is, Hyper-V and Firecracker included.</summary>
    Stream,
}
