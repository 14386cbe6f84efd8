namespace FastForward.Transport.Transports.VSocket;

/// <summary>Settings of a <see cref="VSocketTransport"/>.</summary>
public sealed class VSocketTransportOptions
{
    /// <summary>
    /// The port to listen on, 1..65535, on every context id of this machine. Ports up to 1023 need
    /// CAP_NET_BIND_SERVICE.
    /// </summary>
    public int Port { get; set; }

    /// <summary>
    /// The type of socket. Default <see cref="VSocketType.Auto"/>. A listener has one type: set
    /// <see cref="VSocketType.Stream"/> on a host some of whose guests can only use streams (vhost-device-vsock, guests
    /// before Linux 5.14).
    /// </summary>
    public VSocketType Type { get; set; }

    /// <summary>
    /// Connects to every context id by way of the host (VMADDR_FLAG_TO_HOST, vsock(7), Linux 5.11), so that one guest
    /// reaches another. Default false. Needs a program on the host that forwards, such as vhost-device-vsock.
    /// </summary>
    public bool ToHost { get; set; }

    /// <summary>
    /// The longest frame in bytes, 1200..65536. Default 16 KiB. A link uses the smaller value of its two sides. Each
    /// open link has one buffer of this size, and on streams another one of 128 KiB for input.
    /// </summary>
    public int MaxFrameSize { get; set; } = 16 * 1024;

    /// <summary>
    /// How long a link may take to open, 10 ms..1 min. Default 5 s. The kernel ends a connect that gets no answer after
    /// 2 s (VSOCK_DEFAULT_CONNECT_TIMEOUT).
    /// </summary>
    public TimeSpan OpenTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>Connections that may wait to be accepted, 1..4096. Default 128.</summary>
    public int Backlog { get; set; } = 128;

    /// <summary>
    /// Accepted connections that may be opening at once, 1..4096. Default 64. At the limit, a new one replaces the
    /// oldest one of the machine with most of them.
    /// </summary>
    public int MaxPendingOpens { get; set; } = 64;

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new TransportException(problems);
    }

    /// <summary>All problems: each names the option, the problem, and a valid example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Port is < 1 or > 65535)
            yield return $"Port: {Port} is outside 1..65535; 54000 is an example.";
        if (!Enum.IsDefined(Type))
            yield return $"Type: {(int)Type} is not a type; Auto is a good value.";
        if (ToHost && Type == VSocketType.Datagram)
            yield return "ToHost: datagrams cannot be sent by way of the host; "
                + "with ToHost, Type must be Auto, SeqPacket or Stream.";
        if (MaxFrameSize is < 1200 or > 65_536)
            yield return $"MaxFrameSize: {MaxFrameSize} is outside 1200..65536; 16384 is a good value.";
        if (OpenTimeout < TimeSpan.FromMilliseconds(10) || OpenTimeout > TimeSpan.FromMinutes(1))
            yield return $"OpenTimeout: {OpenTimeout} is outside 10 ms..1 min; 5 s is a good value.";
        if (Backlog is < 1 or > 4096)
            yield return $"Backlog: {Backlog} is outside 1..4096; 128 is a good value.";
        if (MaxPendingOpens is < 1 or > 4096)
            yield return $"MaxPendingOpens: {MaxPendingOpens} is outside 1..4096; 64 is a good value.";
    }
}
