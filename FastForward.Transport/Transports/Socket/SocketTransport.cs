using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.Socket;

/// <summary>
/// UNIX domain sockets (<c>SOCK_SEQPACKET</c>, unix(7)) between processes of one machine. Its end points are
/// <see cref="UnixDomainSocketEndPoint"/>s.
/// </summary>
/// <remarks>
/// <para>A link opens when both sides have exchanged one packet with magic, version and features, and each has read the
/// other's user id from the kernel (SO_PEERCRED, unix(7)). A user id that is not allowed is refused with
/// <see cref="LinkCloseReason.NotPermitted"/> on both sides.</para>
/// <para>Peers are not trusted: the number and duration of opening connections are limited, a frame longer than agreed
/// closes the link, and the links share the budget of a poll.</para>
/// <para><see cref="Dispose"/> removes the socket file and its lock file. The files of a killed process are removed by
/// the next start, once the lock shows that their owner is gone. Files that another program removes meanwhile are
/// created again within seconds, and the lock is in force without them.</para>
/// </remarks>
public sealed partial class SocketTransport : IForwardTransport
{
    private readonly SocketTransportOptions _options;
    private readonly ILogger _logger;
    private readonly uint[] _ownUserIds = SocketFile.AllowedUsers(null);
    private ConnectionPort? _port;
    private SocketFile? _file;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> makes its socket.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Receives the transport's log messages.</param>
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
    internal ConnectionStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    int ILoopSource.Descriptor => _port?.Descriptor ?? -1;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability()
    {
        if (!OperatingSystem.IsLinux())
            return TransportAvailability.Unavailable("this system is not Linux");
        using Descriptor probe = new UnixMedium([]).CreateSocket();
        return probe.IsInvalid
            ? TransportAvailability.Unavailable(
                $"the kernel provides no UNIX seqpacket socket: {LibC.Describe(LibC.LastError)}"
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

        SocketFile? file = null;
        Descriptor? listener = null;
        try
        {
            file = SocketFile.Create(_options.Place, out listener);
            _port = Serve(listener, file, loop, sink);
        }
        catch (Exception exception)
        {
            // Frees the path for another attempt.
            listener?.Dispose();
            file?.Dispose();
            if (exception is IOException)
                throw new TransportException(exception.Message, exception);
            throw;
        }

        _file = file;
        _ = new SocketFileWatch(loop, file, _port, _logger); // its timer keeps it, as long as the file is in use
        LocalEndPoints = [_port.LocalEndPoint];
        LogStarted(_logger, _options.Path);
    }

    private ConnectionPort Serve(Descriptor listener, SocketFile file, ForwardLoop loop, ILinkSink sink)
    {
        UnixMedium medium = new(_options.EffectiveUserIds);
        UnixDomainSocketEndPoint local = new(_options.Path);
        ConnectionOptions options = new(
            _options.MaxFrameSize,
            (long)_options.OpenTimeout.TotalMicroseconds,
            _options.MaxPendingOpens,
            _options.SendBufferSize,
            _options.SharedMemoryLimit
        );
        return new ConnectionPort(
            this,
            loop,
            sink,
            medium,
            options,
            Statistics,
            listener,
            local,
            _logger,
            released: file.Dispose
        );
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote, EndPoint? local = null)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (local is not null)
            throw new ArgumentException("A UNIX socket has no choice of local end points.", nameof(local));
        if (remote is not UnixDomainSocketEndPoint)
            throw new ArgumentException($"{remote} is not a UNIX domain socket end point.", nameof(remote));
        ObjectDisposedException.ThrowIf(_disposed, this);
        return (_port ?? throw new InvalidOperationException("The transport has not been started.")).Connect(remote);
    }

    // A process of the same user, and root, could act as any other one of this user anyway. Further users are bound to
    // the ids that NodeUserIds gives them.
    string? IForwardTransport.FindSourceMismatch(
        uint node,
        IReadOnlyList<EndPoint> routed,
        uint? userId,
        uint? contextId
    )
    {
        if (userId is not { } user)
            return "it came by UNIX socket, and the kernel does not say from which user";
        if (_options.NodeUserIds is { } bound && bound.TryGetValue(node, out uint expected))
        {
            return user == expected
                ? null
                : $"it came by UNIX socket from user id {user}, and its id is bound to user id {expected}";
        }

        return _ownUserIds.Contains(user)
            ? null
            : $"it came by UNIX socket from user id {user}, and its id is not bound to that user here";
    }

    IForwardLink IForwardTransport.Adopt(in StrangerSource source) => throw NoStrangers();

    bool IForwardTransport.TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) => throw NoStrangers();

    // Frames in shared memory wait for it. Others are sent by Commit, or, without room for them, by a later poll.
    void IForwardTransport.Flush() => _port?.Flush();

    // Without the socket file the kernel refuses new connections.
    void IForwardTransport.StopAccepting()
    {
        _port?.StopAccepting();
        _file?.RemoveSocket();
    }

    int ILoopSource.Poll(int budget) => _port?.Poll(budget) ?? 0;

    bool ILoopSource.Arm() => _port?.Arm() ?? false;

    void ILoopSource.Disarm() => _port?.Disarm();

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        _file?.RemoveSocket();
        _port?.Dispose(); // releases the file as well, inside a callback when the running poll ends
    }

    private static NotSupportedException NoStrangers() =>
        new("UNIX seqpacket sockets have connections: peers from outside are accepted links, never strangers.");

    [LoggerMessage(EventId = 1300, Level = LogLevel.Information, Message = "Listening at {Path}")]
    private static partial void LogStarted(ILogger logger, string path);
}
