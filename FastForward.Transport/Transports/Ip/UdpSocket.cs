using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.Ip;

/// <summary>One UDP socket of one address family.</summary>
internal sealed unsafe class UdpSocket : SharedSocket
{
    private const int LargestDrain = 256;

    private readonly IpTransportStatistics _statistics;

    private UdpSocket(
        Descriptor descriptor,
        IPEndPoint local,
        IpTransportOptions options,
        IpTransportStatistics statistics
    )
        : base(descriptor, options.MaxFrameSize, statistics, options.SegmentationOffload && CutsRuns(descriptor))
    {
        JoinsRuns = options.SegmentationOffload && LibC.SetSocketOption(descriptor, LibC.SOL_UDP, LibC.UDP_GRO, 1) == 0;
        LocalEndPoint = local;
        IsV6 = local.AddressFamily == AddressFamily.InterNetworkV6;
        _statistics = statistics;
    }

    public IPEndPoint LocalEndPoint { get; }

    public bool IsV6 { get; }

    /// <summary>Datagrams that came behind each other may be received as one (UDP_GRO, Linux 5.0).</summary>
    public bool JoinsRuns { get; }

    /// <summary>Datagrams that the next look asks for.</summary>
    public int Burst { get; set; } = 1;

    /// <summary>Polls since the socket last had something.</summary>
    public int QuietPolls { get; set; }

    public int ReceiveBufferSize => LibC.GetSocketOption(Descriptor, LibC.SOL_SOCKET, LibC.SO_RCVBUF) / 2; // the kernel doubles it

    /// <summary>Opens and binds.</summary>
    /// <returns>Null with errno in <paramref name="error"/> when this system does not do it.</returns>
    public static UdpSocket? TryOpen(
        IPEndPoint local,
        IpTransportOptions options,
        IpTransportStatistics statistics,
        out int error
    )
    {
        bool v6 = local.AddressFamily == AddressFamily.InterNetworkV6;
        Descriptor descriptor = new(
            LibC.Socket(v6 ? LibC.AF_INET6 : LibC.AF_INET, LibC.SOCK_DGRAM | LibC.SOCK_NONBLOCK | LibC.SOCK_CLOEXEC, 0)
        );
        error = descriptor.IsInvalid ? LibC.LastError : Configure(descriptor, v6, options);
        IPEndPoint? bound = null;
        if (error == 0)
        {
            byte* address = stackalloc byte[IpAddresses.Capacity];
            uint length = (uint)IpAddresses.Write(local, new Span<byte>(address, IpAddresses.Capacity));
            if (LibC.Bind(descriptor, address, length) != 0)
                error = LibC.LastError;
            else if (LibC.GetSocketName(descriptor, address, &length) != 0)
                error = LibC.LastError;
            else
                bound = IpAddresses.Read(new ReadOnlySpan<byte>(address, (int)length));
        }

        if (error == 0)
            return new UdpSocket(descriptor, bound!, options, statistics);
        descriptor.Dispose();
        return null;
    }

    /// <summary>Sends one datagram now, past what is staged.</summary>
    public bool TrySend(ReadOnlySpan<byte> frame, ReadOnlySpan<byte> address, ReadOnlySpan<byte> packetInfo)
    {
        byte* control = stackalloc byte[ControlMessages.Capacity];
        int controlLength = ControlMessages.WriteDeparture(
            packetInfo,
            new Span<byte>(control, ControlMessages.Capacity)
        );
        fixed (byte* payload = frame)
        fixed (byte* name = address)
        {
            LibC.IoVector vector = new() { Base = payload, Length = (nuint)frame.Length };
            LibC.MessageHeader message = new()
            {
                Name = name,
                NameLength = (uint)address.Length,
                Vectors = &vector,
                VectorCount = 1,
                Control = controlLength == 0 ? null : control,
                ControlLength = (nuint)controlLength,
            };
            for (int attempt = 0; attempt < 2; attempt++)
            {
                if (LibC.SendMessage(Descriptor, &message, LibC.MSG_DONTWAIT | LibC.MSG_NOSIGNAL) >= 0)
                {
                    _statistics.Sent(1, frame.Length);
                    return true;
                }

                if (LibC.LastError == Errno.EAGAIN)
                    return false;
                DrainErrors();
                if (attempt == 0)
                    _statistics.SendRetried();
            }
        }

        _statistics.SendFailed();
        return false;
    }

    /// <summary>
    /// Takes reports off the error queue and counts them. Nothing is concluded: ICMP is easily forged, and a report names
    /// an address while links are told apart by index.
    /// </summary>
    public void DrainErrors()
    {
        byte* control = stackalloc byte[256];
        byte* payload = stackalloc byte[64];
        for (int i = 0; i < LargestDrain; i++)
        {
            LibC.IoVector vector = new() { Base = payload, Length = 64 };
            LibC.MessageHeader message = new()
            {
                Vectors = &vector,
                VectorCount = 1,
                Control = control,
                ControlLength = 256,
            };
            if (LibC.ReceiveMessage(Descriptor, &message, LibC.MSG_ERRQUEUE | LibC.MSG_DONTWAIT) < 0)
                return;
            _statistics.NetworkError();
        }
    }

    // The error may be a report about an earlier datagram to somebody else: IP_RECVERR hands it to whichever call comes next.
    protected override bool Failed(bool repeated)
    {
        DrainErrors();
        if (repeated)
            _statistics.SendFailed();
        else
            _statistics.SendRetried();
        return !repeated;
    }

    // 0, the default, says nothing but that the kernel knows the option.
    private static bool CutsRuns(Descriptor socket) =>
        LibC.SetSocketOption(socket, LibC.SOL_UDP, LibC.UDP_SEGMENT, 0) == 0;

    private static int Configure(Descriptor socket, bool v6, IpTransportOptions options)
    {
        // Buffers are best effort: the kernel cuts the request to its maximum silently.
        LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_RCVBUF, options.ReceiveBufferSize);
        LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_SNDBUF, options.SendBufferSize);

        // PROBE sets DF and disregards the path MTU that the kernel learned: otherwise one forged "fragmentation needed"
        // would make every datagram of ours fail or be fragmented. A path too narrow shows as loss, which probing finds.
        return v6
            ? Set(socket, LibC.IPPROTO_IPV6, LibC.IPV6_V6ONLY, 1)
                ?? Set(socket, LibC.IPPROTO_IPV6, LibC.IPV6_MTU_DISCOVER, LibC.IPV6_PMTUDISC_PROBE)
                ?? Set(socket, LibC.IPPROTO_IPV6, LibC.IPV6_DONTFRAG, 1)
                ?? Set(socket, LibC.IPPROTO_IPV6, LibC.IPV6_RECVERR, 1)
                ?? Set(socket, LibC.IPPROTO_IPV6, LibC.IPV6_RECVPKTINFO, 1)
                ?? 0
            : Set(socket, LibC.IPPROTO_IP, LibC.IP_MTU_DISCOVER, LibC.IP_PMTUDISC_PROBE)
                ?? Set(socket, LibC.IPPROTO_IP, LibC.IP_RECVERR, 1)
                ?? Set(socket, LibC.IPPROTO_IP, LibC.IP_PKTINFO, 1)
                ?? 0;
    }

    private static int? Set(Descriptor socket, int level, int option, int value) =>
        LibC.SetSocketOption(socket, level, option, value) == 0 ? null : LibC.LastError;
}
