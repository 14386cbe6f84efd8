using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Datagrams;
using FastForward.Transport.Transports.Links;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.Ip;

/// <summary>
/// UDP over IPv4 and IPv6: one socket per family on one port, many links over each. It serves
/// <see cref="IPEndPoint"/>s.
/// </summary>
/// <remarks>
/// <para>A datagram names the receiver's link with the little-endian word at offset 4; its source must be the link's far
/// end. Everything else is a <see cref="ILinkSink.Stranger"/>, for which nothing is kept. Frames are at least 8 bytes,
/// shorter datagrams are dropped and counted.</para>
/// <para>Answers, and links adopted from strangers, leave from the address that the stranger had reached, which matters on
/// machines with several.</para>
/// <para>ICMP reports are counted and otherwise disregarded: a link closes only from this side.</para>
/// </remarks>
public sealed partial class IpTransport : IForwardTransport
{
    private readonly IpTransportOptions _options;
    private readonly ILogger _logger;
    private readonly LinkTable<IpLink> _links = new();
    private readonly DeferredEvents _events = new();
    private readonly LinkTraits _localTraits;
    private readonly LinkTraits _remoteTraits;
    private UdpSocket[] _sockets = [];
    private Epoll? _epoll;
    private DatagramReceiveBatch? _incoming;
    private UdpSocket? _incomingSocket;
    private ForwardLoop? _loop;
    private ILinkSink? _sink;
    private uint _polls;
    private bool _awoke = true;
    private bool _accepting = true;
    private bool _dispatching;
    private bool _disposeAfterPoll;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> opens its sockets.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Where starts and oddities are reported.</param>
    /// <exception cref="TransportException">An option is out of range; the message names it.</exception>
    public IpTransport(IpTransportOptions options, ILogger<IpTransport>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logger = logger ?? NullLogger<IpTransport>.Instance;
        _remoteTraits = new LinkTraits
        {
            Reliable = false,
            Ordered = false,
            ConnectionOriented = false,
            DetectsPeerDeath = false,
            HostLocal = false,
            MaxFrameSize = options.MaxFrameSize,
        };
        _localTraits = _remoteTraits with { HostLocal = true };
    }

    /// <inheritdoc/>
    public TransportKind Kind => TransportKind.Ip;

    /// <summary>Counters.</summary>
    public IpTransportStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    /// <inheritdoc/>
    public int Descriptor => _epoll?.Number ?? -1;

    /// <summary>Runs of datagrams that the kernel took as one.</summary>
    internal long RunsSent => _sockets.Sum(static socket => socket.Outgoing.RunsSent);

    /// <summary>Runs of datagrams that the kernel gave as one.</summary>
    internal long RunsReceived => _incoming?.RunsReceived ?? 0;

    internal bool MarksRealTime => _options.MarkRealTime;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability()
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this is not Linux");
        foreach (int family in new[] { LibC.AF_INET, LibC.AF_INET6 })
        {
            using Descriptor probe = new(LibC.Socket(family, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0));
            if (!probe.IsInvalid)
                return TransportAvailability.Available;
        }

        return TransportAvailability.Unavailable($"the kernel gives no UDP socket: {LibC.Describe(LibC.LastError)}");
    }

    /// <inheritdoc/>
    public void Start(ForwardLoop loop, ILinkSink sink)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(sink);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_loop is not null)
            throw new InvalidOperationException("The transport was started already.");
        loop.VerifyAccess();

        _sockets = UdpSocketPair.Open(_options, Statistics, _logger);
        _epoll = new Epoll(4);
        for (int i = 0; i < _sockets.Length; i++)
            _sockets[i].Watch(_epoll, (ulong)i);
        _incoming = new DatagramReceiveBatch(
            _options.MaxFrameSize,
            Array.Exists(_sockets, static socket => socket.JoinsRuns)
        );
        LocalEndPoints = Array.ConvertAll(_sockets, EndPoint (socket) => socket.LocalEndPoint);
        _sink = sink;
        _loop = loop;
        string endPoints = string.Join(", ", LocalEndPoints);
        LogStarted(_logger, endPoints);
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        ForwardLoop loop = Running();
        if (remote is not IPEndPoint ip)
            throw new ArgumentException(
                $"{remote} is no IP end point; names are resolved before they come here.",
                nameof(remote)
            );
        IPAddress address = IpAddresses.Unmapped(ip.Address);
        if (ip.Port == 0 || address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any))
            throw new ArgumentException(
                $"{remote} is no place to send to: it needs an address and a port.",
                nameof(remote)
            );

        UdpSocket? socket = SocketFor(address.AddressFamily == AddressFamily.InterNetworkV6);
        LinkTraits traits = IPAddress.IsLoopback(address) ? _localTraits : _remoteTraits;
        IpLink link = new(this, loop, _events, socket, ip, traits, default, inbound: false);
        _links.Add(link);
        if (socket is not null)
            _events.Opened(link);
        else
            link.CloseWith(
                new LinkClosure(
                    LinkCloseReason.Failed,
                    Errno.EAFNOSUPPORT,
                    $"this transport has no {(address.AddressFamily == AddressFamily.InterNetwork ? "IPv4" : "IPv6")} socket"
                )
            );
        return link;
    }

    /// <inheritdoc/>
    public IForwardLink Adopt(in StrangerSource source)
    {
        ForwardLoop loop = Running();
        IPEndPoint? remote = IpAddresses.Read(source.Address);
        UdpSocket? socket = remote is null ? null : SocketFor(remote.AddressFamily == AddressFamily.InterNetworkV6);
        if (socket is null)
            throw new ArgumentException("The source is none that this transport has shown.", nameof(source));
        IpLink link = new(
            this,
            loop,
            _events,
            socket,
            remote!,
            source.IsLoopback ? _localTraits : _remoteTraits,
            source.Local,
            inbound: true
        );
        _links.Add(link);
        return link;
    }

    /// <inheritdoc/>
    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame)
    {
        Running();
        if (frame.IsEmpty || frame.Length > _options.MaxFrameSize)
            return false;
        UdpSocket? socket = SocketFor(IpAddresses.FamilyOf(source.Address) == LibC.AF_INET6);
        return socket is not null && socket.TrySend(frame, source.Address, source.Local);
    }

    /// <inheritdoc/>
    public void Flush()
    {
        _loop?.VerifyAccess();
        foreach (UdpSocket socket in _sockets)
            socket.Flush();
    }

    /// <inheritdoc/>
    public void StopAccepting()
    {
        _loop?.VerifyAccess();
        _accepting = false;
    }

    /// <inheritdoc/>
    public int Poll(int budget)
    {
        if (_disposed || _dispatching || _sink is null)
            return 0;
        _dispatching = true;
        try
        {
            return Work(_sink, budget);
        }
        finally
        {
            _dispatching = false;
            if (_disposeAfterPoll)
                Dispose();
        }
    }

    /// <inheritdoc/>
    public bool Arm()
    {
        if (_events.Any || _incoming is { HasMore: true })
            return true;
        foreach (UdpSocket socket in _sockets)
        {
            if (socket.HasRefusedLinks)
                return true;
        }

        return false;
    }

    /// <inheritdoc/>
    public void Disarm() => _awoke = true;

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed)
            return;
        _links.CloseAll(new LinkClosure(LinkCloseReason.TransportStopped));
        _accepting = false;
        _disposeAfterPoll = _dispatching;
        if (_dispatching)
            return;
        _disposed = true;
        _dispatching = true;
        try
        {
            while (_sink is not null && _events.Any)
                _events.Dispatch(_sink, int.MaxValue);
        }
        finally
        {
            foreach (UdpSocket socket in _sockets)
                socket.Dispose();
            _sockets = [];
            _epoll?.Dispose();
            _incoming?.Dispose();
        }
    }

    internal void Forget(IpLink link) => _links.Remove(link);

    private UdpSocket? SocketFor(bool v6)
    {
        foreach (UdpSocket socket in _sockets)
        {
            if (socket.IsV6 == v6)
                return socket;
        }

        return null;
    }

    private ForwardLoop Running()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ForwardLoop loop = _loop ?? throw new InvalidOperationException("The transport has not been started.");
        loop.VerifyAccess();
        return loop;
    }

    [LoggerMessage(EventId = 1200, Level = LogLevel.Information, Message = "Listening for datagrams at {EndPoints}")]
    private static partial void LogStarted(ILogger logger, string endPoints);
}
