using System.Net;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.Ip;

/// <summary>
/// UDP over IPv4 and IPv6: one socket for each local address, all on one port, shared by all links. Its end points are
/// <see cref="IPEndPoint"/>s.
/// </summary>
/// <remarks>
/// <para>A datagram carries the index of the receiver's link as a little-endian 32-bit word at offset 4; its source
/// must be the link's remote end point. Everything else is passed to <see cref="ILinkSink.Stranger"/>, and no state is
/// kept for it. Frames have at least 8 bytes; shorter datagrams are dropped and counted.</para>
/// <para>Answers to a stranger, and frames of a link adopted from one, leave from the local address that the stranger
/// had sent to, which matters on machines with several addresses.</para>
/// <para>ICMP reports are counted and otherwise ignored: only this side closes a link.</para>
/// </remarks>
public sealed partial class IpTransport : IForwardTransport
{
    private readonly IpTransportOptions _options;
    private readonly ILogger _logger;
    private IpPort? _port;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> opens its sockets.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Receives the transport's log messages.</param>
    /// <exception cref="TransportException">An option is out of range; the message names it.</exception>
    public IpTransport(IpTransportOptions options, ILogger<IpTransport>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logger = logger ?? NullLogger<IpTransport>.Instance;
    }

    /// <inheritdoc/>
    public TransportKind Kind => TransportKind.Ip;

    /// <summary>Counters.</summary>
    internal IpTransportStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    int ILoopSource.Descriptor => _port?.Descriptor ?? -1;

    /// <summary>Runs of datagrams that the kernel took as one.</summary>
    internal long RunsSent => _port?.RunsSent ?? 0;

    /// <summary>Runs of datagrams that the kernel delivered as one.</summary>
    internal long RunsReceived => _port?.RunsReceived ?? 0;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability()
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this system is not Linux");
        foreach (int family in new[] { LibC.AF_INET, LibC.AF_INET6 })
        {
            using Descriptor probe = new(LibC.Socket(family, LibC.SOCK_DGRAM | LibC.SOCK_CLOEXEC, 0));
            if (!probe.IsInvalid)
                return TransportAvailability.Available;
        }

        return TransportAvailability.Unavailable($"the kernel provides no UDP socket: {LibC.Describe(LibC.LastError)}");
    }

    /// <inheritdoc/>
    public void Start(ForwardLoop loop, ILinkSink sink)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(sink);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_port is not null)
            throw new InvalidOperationException("The transport was started already.");
        loop.VerifyAccess();

        IpSocket[] sockets = IpSockets.Open(_options, Statistics, _logger);
        try
        {
            _port = new IpPort(this, loop, sink, sockets, _options, _logger);
        }
        catch (Exception exception)
        {
            foreach (IpSocket socket in sockets)
                socket.Dispose();
            if (exception is IOException)
                throw new TransportException($"UDP port {_options.Port}: {exception.Message}.", exception);
            throw;
        }

        LocalEndPoints = Array.ConvertAll(sockets, EndPoint (socket) => socket.LocalEndPoint);
        string endPoints = string.Join(", ", LocalEndPoints);
        LogStarted(_logger, endPoints);
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote, EndPoint? local = null)
    {
        ArgumentNullException.ThrowIfNull(remote);
        IpPort port = RunningPort();
        if (remote is not IPEndPoint ip)
            throw new ArgumentException(
                $"{remote} is not an IP end point; host names must be resolved before Connect.",
                nameof(remote)
            );
        IPAddress address = IpAddresses.Unmapped(ip.Address);
        if (ip.Port == 0 || IpAddresses.IsAny(address))
            throw new ArgumentException($"{remote} cannot be sent to: it needs an address and a port.", nameof(remote));
        if (local is not (null or IPEndPoint))
            throw new ArgumentException($"{local} is not an IP end point.", nameof(local));
        return port.Connect(ip, (IPEndPoint?)local);
    }

    IForwardLink IForwardTransport.Adopt(in StrangerSource source) => RunningPort().Adopt(source);

    bool IForwardTransport.TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) =>
        RunningPort().TryAnswer(source, frame);

    void IForwardTransport.Flush() => _port?.Flush();

    void IForwardTransport.StopAccepting() => _port?.StopAccepting();

    int ILoopSource.Poll(int budget) => _port?.Poll(budget) ?? 0;

    bool ILoopSource.Arm() => _port?.Arm() ?? false;

    void ILoopSource.Disarm() => _port?.Disarm();

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _port?.Dispose();
    }

    private IpPort RunningPort()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        return _port ?? throw new InvalidOperationException("The transport has not been started.");
    }

    [LoggerMessage(EventId = 1200, Level = LogLevel.Information, Message = "Listening for datagrams at {EndPoints}")]
    private static partial void LogStarted(ILogger logger, string endPoints);
}
