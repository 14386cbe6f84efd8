using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Datagrams;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Transports.Ip;

/// <summary>The UDP sockets of an <see cref="IpTransport"/> and the links over them.</summary>
internal sealed class IpPort : DatagramPort
{
    private readonly IpSocket[] _sockets;
    private readonly LinkTraits _loopbackTraits;
    private readonly bool _marksRealTime;

    public IpPort(
        IpTransport transport,
        ForwardLoop loop,
        ILinkSink sink,
        IpSocket[] sockets,
        IpTransportOptions options,
        ILogger logger
    )
        : base(transport, loop, sink, sockets, options.MaxFrameSize, transport.Statistics.Datagrams, logger)
    {
        _sockets = sockets;
        _loopbackTraits = Traits with { HostLocal = true };
        _marksRealTime = options.MarkRealTime;
    }

    /// <summary>The in_pktinfo or in6_pktinfo of a received datagram; empty when there is none.</summary>
    public static ReadOnlySpan<byte> PacketInfo(in DatagramReceiveBatch.Datagram datagram) =>
        IpControlMessages.PacketInfo(datagram.Control, IsV6(datagram.Source));

    /// <summary>Where a datagram arrived at a socket; null when it is not known.</summary>
    public static IPEndPoint? LocalEndPointOf(IpSocket socket, ReadOnlySpan<byte> packetInfo) =>
        socket.IsForAllAddresses
            ? IpControlMessages.LocalAddress(packetInfo) is { } address
                ? new IPEndPoint(address, socket.LocalEndPoint.Port)
                : null
            : socket.LocalEndPoint;

    public IpLink Connect(IPEndPoint remote, IPEndPoint? local)
    {
        VerifyRunning();
        IPAddress address = IpAddresses.Unmapped(remote.Address);
        bool v6 = address.AddressFamily == AddressFamily.InterNetworkV6;
        IpSocket? socket = local is null
            ? SocketFor(address)
            : Array.Find(_sockets, one => one.LocalEndPoint.Equals(local));
        if (socket is not null && socket.IsV6 != v6)
            throw new ArgumentException($"{local} and {remote} are of different families.", nameof(local));
        LinkTraits traits = IPAddress.IsLoopback(address) ? _loopbackTraits : Traits;
        IpLink link = NewLink(socket, remote, traits, default, inbound: false);
        if (socket is not null)
        {
            Events.Opened(link);
        }
        else
        {
            link.CloseWith(
                local is null
                    ? new LinkClosure(
                        LinkCloseReason.Failed,
                        Errno.EAFNOSUPPORT,
                        $"this transport has no {(v6 ? "IPv6" : "IPv4")} socket"
                    )
                    : new LinkClosure(
                        LinkCloseReason.Failed,
                        Errno.EADDRNOTAVAIL,
                        $"this transport has no socket at {local}"
                    )
            );
        }

        return link;
    }

    public IpLink Adopt(in StrangerSource source)
    {
        VerifyRunning();
        IPEndPoint? remote = IpAddresses.Read(source.Address);
        IpSocket? socket = remote is null ? null : SocketAt(source);
        if (socket is null)
            throw new ArgumentException("The source did not come from this transport.", nameof(source));
        return NewLink(socket, remote!, source.IsLoopback ? _loopbackTraits : Traits, source.Local, inbound: true);
    }

    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame)
    {
        VerifyRunning();
        Span<byte> control = stackalloc byte[DatagramSlot.ControlCapacity];
        int length = IpControlMessages.WriteDeparture(source.Local, control);
        return SocketAt(source)?.TrySend(frame, source.Address, control[..length]) ?? false;
    }

    public override EndPoint ReadAddress(ReadOnlySpan<byte> address) => IpAddresses.Read(address)!;

    protected override StrangerSource DescribeSource(in DatagramReceiveBatch.Datagram datagram)
    {
        ReadOnlySpan<byte> packetInfo = PacketInfo(datagram);
        return new StrangerSource(
            datagram.Source,
            packetInfo,
            IpAddresses.StayedOnLoopback(datagram.Source, packetInfo)
        );
    }

    private static bool IsV6(ReadOnlySpan<byte> address) => IpAddresses.FamilyOf(address) == LibC.AF_INET6;

    // Where several could be used, the one whose address has most in common with the destination (RFC 6724, rule 9).
    private IpSocket? SocketFor(IPAddress remote) =>
        _sockets
            .Where(socket => socket.LocalEndPoint.AddressFamily == remote.AddressFamily)
            .MaxBy(socket => AddressOrder.Match(socket.LocalEndPoint.Address, remote));

    // The socket that a datagram came to.
    private IpSocket? SocketAt(in StrangerSource source)
    {
        bool v6 = IsV6(source.Address);
        IpSocket? first = null;
        foreach (IpSocket socket in _sockets)
        {
            if (socket.IsV6 != v6)
                continue;
            if (socket.IsAt(source.Local))
                return socket;
            first ??= socket;
        }

        return first;
    }

    private IpLink NewLink(
        IpSocket? socket,
        IPEndPoint remote,
        LinkTraits traits,
        ReadOnlySpan<byte> packetInfo,
        bool inbound
    )
    {
        Span<byte> address = stackalloc byte[IpAddresses.Capacity];
        address = address[..IpAddresses.Write(remote, address)];
        Span<byte> control = stackalloc byte[DatagramSlot.ControlCapacity];
        int departure = IpControlMessages.WriteDeparture(packetInfo, control);
        int mark = _marksRealTime ? IpControlMessages.WriteExpedited(IsV6(address), control[departure..]) : 0;
        IpLink link = new(
            this,
            socket,
            remote,
            socket is null ? null : LocalEndPointOf(socket, packetInfo),
            traits,
            address,
            control[..departure],
            control[..(departure + mark)],
            inbound
        );
        Add(link);
        return link;
    }
}
