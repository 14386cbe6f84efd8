namespace FastForward.Transport;

/// <summary>
/// The media that FastForward knows. The numbers that a registry uses for them are not these values: they are mapped
/// in one place, <see cref="Registry.TransportTypeMap"/>.
/// </summary>
public enum TransportKind
{
    /// <summary>UDP over IPv4 and IPv6: unreliable, unordered, reaches everywhere.</summary>
    Ip,

    /// <summary>RDMA reliable connection (InfiniBand, RoCE) inside a data centre.</summary>
    Rdma,

    /// <summary>UNIX domain socket (<c>SOCK_SEQPACKET</c>) between processes of one host.</summary>
    Socket,

    /// <summary>AF_VSOCK between guests and host of one hypervisor.</summary>
    VSocket,
}
