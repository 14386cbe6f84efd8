using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Links;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.Socket;

/// <summary>
/// UNIX domain sockets (<c>SOCK_SEQPACKET</c>) between processes of one machine. It serves
/// <see cref="UnixDomainSocketEndPoint"/>s.
/// </summary>
/// <remarks>
/// <para>A link opens when both sides have exchanged one packet with magic, version and features, and each has asked the
/// kernel who the other is: a user id that is not listed is refused with <see cref="LinkCloseReason.NotPermitted"/>, and
/// learns so.</para>
/// <para>A neighbour is not trusted: connections that do not open are few and time out, a frame beyond what was agreed
/// closes the link, and one link's flood leaves the others their turn.</para>
/// <para>The socket file and its lock file are removed by <see cref="Dispose"/>; what a killed process leaves behind, the
/// next start removes once the lock proves that nobody lives.</para>
/// </remarks>
public sealed partial class SocketTransport : IForwardTransport
{
    private readonly SocketTransportOptions _options;
    private readonly ILogger _logger;
    private ConnectionPort? _port;
    private SocketFile? _file;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> makes its socket.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Where starts and oddities are reported.</param>
    /// <exception cref="TransportException">An option is out of range; the message names it.</exception>
    public SocketTransport(SocketTransportOptions options, ILogger<SocketTransport>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logger = logger ?? NullLogger<SocketTransport>.Instance;
    }

    /// <inheritdoc/>
    public TransportKind Kind => TransportKind.Socket;

    /// <summary>Counters.</summary>
    public ConnectionStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    /// <inheritdoc/>
    public int Descriptor => _port?.Descriptor ?? -1;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability()
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this is not Linux");
        using Descriptor probe = new UnixMedium([]).CreateSocket();
        return probe.IsInvalid
            ? TransportAvailability.Unavailable(
                $"the kernel gives no UNIX seqpacket socket: {LibC.Describe(LibC.LastError)}"
            )
            : TransportAvailability.Available;
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

        UnixMedium medium = new(_options.EffectiveUserIds);
        _file = SocketFile.Create(_options.Place, medium, out Descriptor listener);
        UnixDomainSocketEndPoint local = new(_options.Path);
        ConnectionOptions options = new(
            _options.MaxFrameSize,
            (long)_options.OpenTimeout.TotalMicroseconds,
            _options.MaxPendingOpens,
            _options.SendBufferSize
        );
        _port = new ConnectionPort(this, medium, options, Statistics, loop, sink, listener, local, _logger);
        LocalEndPoints = [local];
        LogStarted(_logger, _options.Path);
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (remote is not UnixDomainSocketEndPoint)
            throw new ArgumentException($"{remote} is no UNIX domain socket end point.", nameof(remote));
        ObjectDisposedException.ThrowIf(_disposed, this);
        return (_port ?? throw new InvalidOperationException("The transport has not been started.")).Connect(remote);
    }

    /// <inheritdoc/>
    public IForwardLink Adopt(in StrangerSource source) => throw NoStrangers();

    /// <inheritdoc/>
    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) => throw NoStrangers();

    /// <summary>Does nothing: frames leave at Commit, and those that find no room leave as soon as the kernel tells of some.</summary>
    public void Flush() { }

    /// <summary>Closes the listening socket and removes its file, so that whoever connects now is refused at once.</summary>
    public void StopAccepting()
    {
        _port?.StopAccepting();
        _file?.RemoveSocket();
    }

    /// <inheritdoc/>
    public int Poll(int budget) => _port?.Poll(budget) ?? 0;

    /// <inheritdoc/>
    public bool Arm() => _port?.Arm() ?? false;

    /// <inheritdoc/>
    public void Disarm() => _port?.Disarm();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed || (_port?.StopAfterPoll(Dispose) ?? false))
            return;
        _disposed = true;
        try
        {
            _file?.RemoveSocket();
            _port?.Dispose();
        }
        finally
        {
            _file?.Dispose();
        }
    }

    private static NotSupportedException NoStrangers() =>
        new("UNIX seqpacket sockets have connections: who comes from outside is an accepted link, not a stranger.");

    [LoggerMessage(EventId = 1300, Level = LogLevel.Information, Message = "Listening at {Path}")]
    private static partial void LogStarted(ILogger logger, string path);
}
