using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Connections;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// RDMA reliable connections (InfiniBand, RoCE) by librdmacm and libibverbs, between machines of one data centre. Its
/// end points are <see cref="RdmaEndPoint"/>s whose host is an IP address, or GIDs.
/// </summary>
/// <remarks>
/// <para>A link opens when both sides have exchanged magic, version, features, frame size and credits in the private
/// data of the connection. No one vouches for the peer: who it is must be proven above.</para>
/// <para>Frames are written into and read from registered memory, which is locked at the start. A side sends only while
/// the peer has receives posted for it, so the device never has to retry for lack of one.</para>
/// <para>Peers are not trusted: the number and duration of opening connections are limited, and a peer that breaks the
/// framing or its credits closes the link. A peer cannot read or write memory of this process: only sends are used, and
/// no memory is registered for remote access.</para>
/// </remarks>
public sealed class RdmaTransport : IForwardTransport
{
    private readonly RdmaTransportOptions _options;
    private readonly ILogger _logger;
    private RdmaPort? _port;
    private bool _disposed;

    /// <summary>Creates the transport; <see cref="Start"/> loads the libraries and opens the devices.</summary>
    /// <param name="options">Settings.</param>
    /// <param name="logger">Receives the transport's log messages.</param>
    /// <exception cref="TransportException">An option is out of range; the message names it.</exception>
    public RdmaTransport(RdmaTransportOptions options, ILogger<RdmaTransport>? logger = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        options.Validate();
        _options = options;
        _logger = logger ?? NullLogger<RdmaTransport>.Instance;
    }

    /// <inheritdoc/>
    public TransportKind Kind => TransportKind.Rdma;

    /// <summary>Counters.</summary>
    internal ConnectionStatistics Statistics { get; } = new();

    TransportStatistics IForwardTransport.Statistics => Statistics;

    /// <inheritdoc/>
    public IReadOnlyList<EndPoint> LocalEndPoints => _port?.LocalEndPoints ?? [];

    int ILoopSource.Descriptor => _port?.Descriptor ?? -1;

    /// <inheritdoc/>
    public TransportAvailability CheckAvailability() =>
        RdmaMachine.This.Check((long)_options.Sizes.Link * _options.MaxLinks);

    /// <summary>
    /// An IP address of this machine that belongs to an RDMA device with an active port; null when there is none.
    /// </summary>
    public static IPAddress? FindOwnAddress()
    {
        foreach (RdmaDevicePort port in RdmaMachine.This.ReadPorts())
        {
            foreach (RdmaDevicePort.Gid gid in port.Gids)
            {
                IPAddress address = new(gid.Bytes);
                if (port.IsActive && address.IsIPv4MappedToIPv6)
                    return address.MapToIPv4();
            }
        }

        return null;
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
        if (CheckAvailability().Reason is { } reason)
            throw new TransportException($"RDMA is not available: {reason}.");
        try
        {
            _port = new RdmaPort(this, loop, sink, _options, Statistics, _logger);
        }
        catch (IOException exception)
        {
            throw new TransportException($"RDMA port {_options.Port}: {exception.Message}.", exception);
        }

        string endPoints = string.Join(", ", LocalEndPoints);
        RdmaLog.Started(_logger, endPoints, _port.Devices);
    }

    /// <inheritdoc/>
    public IForwardLink Connect(EndPoint remote, EndPoint? local = null)
    {
        ArgumentNullException.ThrowIfNull(remote);
        if (local is not null)
            throw new ArgumentException("RDMA has no choice of local end points.", nameof(local));
        if (remote is not RdmaEndPoint endPoint)
            throw new ArgumentException($"{remote} is not an RDMA end point.", nameof(remote));
        ObjectDisposedException.ThrowIf(_disposed, this);
        return (_port ?? throw new InvalidOperationException("The transport has not been started.")).Connect(endPoint);
    }

    IForwardLink IForwardTransport.Adopt(in StrangerSource source) => throw NoStrangers();

    bool IForwardTransport.TryAnswer(in StrangerSource source, ReadOnlySpan<byte> frame) => throw NoStrangers();

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

    private static NotSupportedException NoStrangers() =>
        new("RDMA connections have links: peers from outside are accepted links, never strangers.");
}
