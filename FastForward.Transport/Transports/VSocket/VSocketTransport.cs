using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.VSocket;

/// <summary>
/// AF_VSOCK (vsock(7)) between the guests and the host of one hypervisor. It serves <see cref="VSocketEndPoint"/>s.
/// </summary>
/// <remarks>
/// <para>The type of socket is settled before a link opens (<see cref="VSocketTransportOptions.Type"/>). Seqpacket and
/// stream links are reliable, ordered, and notice the death of the far process at once; both begin with the opening
/// exchange that UNIX sockets have. Datagrams (VMCI only) are as unreliable as UDP.</para>
/// <para>The kernel vouches for the context id of the far machine (<see cref="PeerCredentials.ContextId"/>), and for
/// nothing else: every process of a machine has its context id.</para>
/// </remarks>
public sealed partial class VSocketTransport : IForwardTransport
{
    private readonly VSocketTransportOptions _options;
    private readonly IVSocketFamily _family;
    private readonly ILogger _logger;
    private readonly VSocketSourceCheck _sources;
    private ForwardLoop? _loop;
    private ConnectionPort? _port;
    private VSocketDatagramPort? _datagrams;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> makes its socket.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Where starts and oddities are reported.</param>
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
    public VSocketTransportStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <summary>The type of socket that this side listens with; Auto before <see cref="Start"/>.</summary>
    public VSocketType ListenerType { get; private set; }

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints { get; private set; } = [];

    /// <inheritdoc/>
    public int Descriptor => _port?.Descriptor ?? _datagrams?.Descriptor ?? -1;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability() => VSocketMachine.Check();

    /// <summary>
    /// Whether two processes of this machine reach each other: by context id 1, <see cref="VSocketEndPoint.LocalCid"/>,
    /// where the kernel has vsock_loopback.
    /// </summary>
    public static TransportAvailability CheckLoopback()
    {
        TransportAvailability availability = VSocketMachine.Check();
        return !availability.IsAvailable || VSocketMachine.HasLoopback()
            ? availability
            : TransportAvailability.Unavailable(
                "the kernel has no vSocket loopback (modprobe vsock_loopback): only other machines can be reached"
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
        catch
        {
            listener.Dispose(); // the port is free for the next try
            throw;
        }
    }

    private void Serve(Descriptor listener, VSocketType type, ForwardLoop loop, ILinkSink sink)
    {
        uint cid = _family.ReadOwnCid() is { } own && own != VSocketEndPoint.AnyCid ? own : VSocketEndPoint.LocalCid;
        VSocketEndPoint local = new(cid, _options.Port);
        if (type == VSocketType.Datagram)
        {
            _datagrams = new VSocketDatagramPort(
                this,
                _family,
                _options.MaxFrameSize,
                Statistics,
                loop,
                sink,
                listener
            );
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
            _port = new ConnectionPort(this, medium, options, Statistics, loop, sink, listener, local, _logger);
        }

        _loop = loop;
        ListenerType = type;
        LocalEndPoints = [local];
        LogStarted(_logger, local, type);
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (remote is not VSocketEndPoint place)
            throw new ArgumentException($"{remote} is no vSocket end point.", nameof(remote));
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_datagrams is not null)
            return _datagrams.Connect(place);
        return (_port ?? throw new InvalidOperationException("The transport has not been started.")).Connect(place);
    }

    /// <inheritdoc/>
    public IForwardLink Adopt(in StrangerSource source) => (_datagrams ?? throw NoStrangers()).Adopt(source);

    /// <inheritdoc/>
    public bool TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) =>
        (_datagrams ?? throw NoStrangers()).TryAnswer(source, frame);

    /// <inheritdoc/>
    /// <remarks>
    /// The context ids of one machine (1, its own, and 2 where it is no guest) are equal here. This machine's own one is
    /// read at most once a second.
    /// </remarks>
    public string? FindSourceMismatch(IReadOnlyList<EndPoint> routed, uint? contextId)
    {
        ArgumentNullException.ThrowIfNull(routed);
        ForwardLoop loop = _loop ?? throw new InvalidOperationException("The transport has not been started.");
        loop.VerifyAccess();
        return _sources.Find(routed, contextId, loop.NowMicros);
    }

    /// <summary>Sends staged datagrams. Where there are connections, frames leave at Commit, and those that find no room as soon as there is some.</summary>
    public void Flush()
    {
        if (!_disposed)
            _datagrams?.Flush();
    }

    /// <summary>Closes the listening socket, so that whoever connects now is refused at once; strangers' datagrams are dropped.</summary>
    public void StopAccepting()
    {
        _port?.StopAccepting();
        _datagrams?.StopAccepting();
    }

    /// <inheritdoc/>
    public int Poll(int budget) => _port?.Poll(budget) ?? _datagrams?.Poll(budget) ?? 0;

    /// <inheritdoc/>
    public bool Arm() => _port?.Arm() ?? _datagrams?.Arm() ?? false;

    /// <inheritdoc/>
    public void Disarm() => _port?.Disarm();

    /// <inheritdoc/>
    public void Dispose()
    {
        if (_disposed || (_port?.StopAfterPoll(Dispose) ?? false))
            return;
        _disposed = true;
        _port?.Dispose();
        _datagrams?.Dispose();
    }

    private static NotSupportedException NoStrangers() =>
        new("These vSockets have connections: who comes from outside is an accepted link, not a stranger.");

    [LoggerMessage(EventId = 1350, Level = LogLevel.Information, Message = "Listening at {EndPoint} ({Type})")]
    private static partial void LogStarted(ILogger logger, VSocketEndPoint endPoint, VSocketType type);
}
