using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using FastForward.Transport.Transports.Links;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// AF_VSOCK (vsock(7)) between the guests and the host of one hypervisor. Its end points are
/// <see cref="VSocketEndPoint"/>s.
/// </summary>
/// <remarks>
/// <para>The type of socket is chosen before a link opens (<see cref="VSocketTransportOptions.Type"/>). Seqpacket and
/// stream links are reliable, ordered, and close at once when the remote process dies; both begin with the same opening
/// exchange as UNIX sockets. Datagrams (VMCI only) are as unreliable as UDP.</para>
/// <para>The kernel vouches for the context id of the remote machine (<see cref="PeerCredentials.ContextId"/>), and for
/// nothing else: every process of a machine has its context id.</para>
/// </remarks>
public sealed partial class VSocketTransport : IForwardTransport
{
    private readonly VSocketTransportOptions _options;
    private readonly IVSocketFamily _family;
    private readonly ILogger _logger;
    private readonly VSocketSourceCheck _sources;
    private ConnectionPort? _connections;
    private VSocketDatagramPort? _datagrams;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> makes its socket.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Receives the transport's log messages.</param>
    /// <exception cref="TransportException">An option is out of range; the message names it.</exception>
    public VSocketTransport(VSocketTransportOptions options, ILogger<VSocketTransport>? logger = null)
        : this(options, VSocketFamily.Instance, logger) { }

    internal VSocketTransport(
        VSocketTransportOptions options,
        IVSocketFamily family,
        ILogger<VSocketTransport>? logger = null
    )
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _family = family;
        _sources = new VSocketSourceCheck(family);
        _logger = logger ?? NullLogger<VSocketTransport>.Instance;
    }

    /// <inheritdoc/>
    public TransportKind Kind => TransportKind.VSocket;

    /// <summary>Counters.</summary>
    internal VSocketTransportStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <summary>The type of socket that this side listens with; Auto before <see cref="Start"/>.</summary>
    internal VSocketType ListenerType { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    int ILoopSource.Descriptor => Port?.Descriptor ?? -1;

    private TransportPort? Port => _connections ?? (TransportPort?)_datagrams;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability() => VSocketMachine.Check();

    /// <summary>
    /// Whether two processes of this machine can connect to each other, by context id 1
    /// (<see cref="VSocketEndPoint.LocalCid"/>), which needs the kernel module vsock_loopback.
    /// </summary>
    public static TransportAvailability CheckLoopback()
    {
        TransportAvailability availability = VSocketMachine.Check();
        return !availability.IsAvailable || VSocketMachine.HasLoopback()
            ? availability
            : TransportAvailability.Unavailable(
                "the kernel has no vSocket loopback, so only other machines can be reached; "
                    + "load it with modprobe vsock_loopback"
            );
    }

    /// <inheritdoc/>
    public void Start(ForwardLoop loop, ILinkSink sink)
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(sink);
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (LocalEndPoints.Count > 0)
            throw new InvalidOperationException("The transport was started already.");
        loop.VerifyAccess();

        Descriptor listener = VSocketListener.Open(_family, _options, out VSocketType type);
        try
        {
            Serve(listener, type, loop, sink);
        }
        catch (Exception exception)
        {
            listener.Dispose(); // frees the port for another attempt
            if (exception is IOException)
                throw new TransportException($"vSocket port {_options.Port}: {exception.Message}.", exception);
            throw;
        }
    }

    private void Serve(Descriptor listener, VSocketType type, ForwardLoop loop, ILinkSink sink)
    {
        uint cid = _family.ReadOwnCid() is { } own && own != VSocketEndPoint.AnyCid ? own : VSocketEndPoint.LocalCid;
        VSocketEndPoint local = new(cid, _options.Port);
        if (type == VSocketType.Datagram)
        {
            ReceiveBuffer.Request(listener, ReceiveBuffer.DefaultBytes);
            VSocketDatagramSocket socket = new(listener, local, _options.MaxFrameSize, Statistics);
            try
            {
                int longest = _options.MaxFrameSize;
                _datagrams = new VSocketDatagramPort(this, loop, sink, socket, _family, longest, _logger);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        }
        else
        {
            VSocketMedium medium = new(
                _family,
                _options.Type,
                type == VSocketType.Stream ? LibC.SOCK_STREAM : LibC.SOCK_SEQPACKET,
                _options.ToHost
            );
            ConnectionOptions options = new(
                _options.MaxFrameSize,
                (long)_options.OpenTimeout.TotalMicroseconds,
                _options.MaxPendingOpens,
                SendBufferSize: 0
            );
            _connections = new ConnectionPort(this, loop, sink, medium, options, Statistics, listener, local, _logger);
        }

        ListenerType = type;
        LocalEndPoints = [local];
        LogStarted(_logger, local, type);
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote, EndPoint? local = null)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (local is not null)
            throw new ArgumentException("A vSocket has no choice of local end points.", nameof(local));
        if (remote is not VSocketEndPoint endPoint)
            throw new ArgumentException($"{remote} is not a vSocket end point.", nameof(remote));
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_datagrams is not null)
            return _datagrams.Connect(endPoint);
        return (_connections ?? throw NotStarted()).Connect(endPoint);
    }

    IForwardLink IForwardTransport.Adopt(in StrangerSource source) => (_datagrams ?? throw NoStrangers()).Adopt(source);

    bool IForwardTransport.TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) =>
        (_datagrams ?? throw NoStrangers()).TryAnswer(source, frame);

    // The context ids of one machine (1, its own, and 2 where it is no guest) are equal here. This machine's own one is
    // read at most once a second.
    string? IForwardTransport.FindSourceMismatch(
        uint node,
        IReadOnlyList<EndPoint> routed,
        uint? userId,
        uint? contextId
    )
    {
        ArgumentNullException.ThrowIfNull(routed);
        ForwardLoop loop = (Port ?? throw NotStarted()).Loop;
        loop.VerifyAccess();
        return _sources.Find(routed, contextId, loop.NowMicros);
    }

    // Frames of a connection are sent by Commit, or, when the kernel has no room for them, by a later poll.
    void IForwardTransport.Flush() => _datagrams?.Flush();

    void IForwardTransport.StopAccepting() => Port?.StopAccepting();

    int ILoopSource.Poll(int budget) => Port?.Poll(budget) ?? 0;

    bool ILoopSource.Arm() => Port?.Arm() ?? false;

    void ILoopSource.Disarm() => Port?.Disarm();

    /// <inheritdoc/>
    public void Dispose()
    {
        _disposed = true;
        Port?.Dispose();
    }

    private static InvalidOperationException NotStarted() => new("The transport has not been started.");

    private static NotSupportedException NoStrangers() =>
        new("vSockets of this type have connections: peers from outside are accepted links, never strangers.");

    [LoggerMessage(EventId = 1350, Level = LogLevel.Information, Message = "Listening at {EndPoint} ({Type})")]
    private static partial void LogStarted(ILogger logger, VSocketEndPoint endPoint, VSocketType type);
}
