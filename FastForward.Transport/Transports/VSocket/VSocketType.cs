namespace FastForward.Transport;

/// <summary>The type of socket that a <see cref="VSocketTransport"/> uses.</summary>
public enum VSocketType
{
    /// <summary>
    /// The first of <see cref="Datagram"/>, <see cref="SeqPacket"/> and <see cref="Stream"/> that can be had; towards a peer
    /// that listens with another type, the next one, which is remembered.
    /// </summary>
    Auto,

    /// <summary>SOCK_DGRAM: unreliable, and only between machines of one VMware host (VMCI).</summary>
    Datagram,

    /// <summary>SOCK_SEQPACKET: since Linux 5.14 between KVM guests and their host, and on one machine (vsock_loopback).</summary>
    SeqPacket,

    /// <summary>SOCK_STREAM with a length before each frame: wherever AF_VSOCK is, Hyper-V and Firecracker included.</summary>
    Stream,
}
