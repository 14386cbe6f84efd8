using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Transports.Datagrams;

namespace FastForward.Transport.Transports.Ip;

/// <summary>One UDP socket of one address family.</summary>
internal sealed unsafe class IpSocket : DatagramSocket
{
    private const int LargestDrain = 256;

    private readonly IpTransportStatistics _statistics;
    private readonly byte[] _addressBytes;

    private IpSocket(
        Descriptor descriptor,
        IPEndPoint local,
        IpTransportOptions options,
        IpTransportStatistics statistics
    )
        : base(descriptor, options.MaxFrameSize, statistics, options.SegmentationOffload && CutsRuns(descriptor))
    {
        JoinsRuns = options.SegmentationOffload && LibC.SetSocketOption(descriptor, LibC.SOL_UDP, LibC.UDP_GRO, 1) == 0;
        LocalEndPoint = local;
        IsForAllAddresses = IpAddresses.IsAny(local.Address);
        IsV6 = local.AddressFamily == AddressFamily.InterNetworkV6;
        _statistics = statistics;
        _addressBytes = local.Address.GetAddressBytes();
    }

    public override IPEndPoint LocalEndPoint { get; }

    public bool IsV6 { get; }

    /// <summary>It is bound to no address.</summary>
    public bool IsForAllAddresses { get; }

    /// <summary>Whether the local address in an in_pktinfo or in6_pktinfo is one of this socket.</summary>
    public bool IsAt(ReadOnlySpan<byte> packetInfo) =>
        IsForAllAddresses || IpControlMessages.LocalAddressBytes(packetInfo).SequenceEqual(_addressBytes);

    /// <summary>Opens, configures and binds a socket.</summary>
    /// <returns>Null, with errno in <paramref name="error"/>, when a system call fails.</returns>
    public static IpSocket? TryOpen(
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
            return new IpSocket(descriptor, bound!, options, statistics);
        descriptor.Dispose();
        return null;
    }

    /// <summary>
    /// Removes and counts the reports in the error queue. They have no other effect: ICMP is easily forged, and a
    /// report identifies an address, which several links may share.
    /// </summary>
    /// <returns>True: the socket has an error queue.</returns>
    public override bool DrainErrors()
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
                break;
            _statistics.NetworkError();
        }

        return true;
    }

    // The error may belong to an earlier datagram to another peer: with IP_RECVERR the next call on the socket returns
    // it.
    protected override bool SendFailed(bool repeated)
    {
        DrainErrors();
        if (repeated)
            _statistics.Datagrams.SendFailed();
        else
            _statistics.SendRetried();
        return !repeated;
    }

    // 0 is the default: setting it only shows whether the kernel knows the option.
    private static bool CutsRuns(Descriptor socket) =>
        LibC.SetSocketOption(socket, LibC.SOL_UDP, LibC.UDP_SEGMENT, 0) == 0;

    private static int Configure(Descriptor socket, bool v6, IpTransportOptions options)
    {
        // Best effort: the kernel silently limits the sizes to net.core.rmem_max and wmem_max (socket(7)).
        ReceiveBuffer.Request(socket, options.ReceiveBufferSize);
        LibC.SetSocketOption(socket, LibC.SOL_SOCKET, LibC.SO_SNDBUF, options.SendBufferSize);

        // IP_PMTUDISC_PROBE (ip(7)) sets DF and ignores the path MTU that the kernel has learned. Otherwise one forged
        // "fragmentation needed" would make all datagrams fail or be fragmented.
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
