using System.Net;
using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Interop;
using FastForward.Transport.Node;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Node;

/// <summary>A node with a handler that records events or runs delegates of the test.</summary>
internal sealed class TestNode : IForwardHandler, IDisposable
{
    private readonly StaticRouteSource _routes = new([]);
    private readonly StaticRouteSource _overrides = new([], RouteTable.OverriddenNodes);
    private readonly List<RouteRow> _rows = [];
    private readonly OverrideResolver _resolver;

    public TestNode(
        NodeWorld world,
        uint id,
        Action<ForwardNodeOptions>? configure,
        bool allowUnkeyed,
        IReadOnlyList<IPAddress> addresses,
        ForwardMetrics? metrics = null,
        bool vsockets = true,
        IReadOnlyDictionary<uint, uint>? userIds = null,
        LookupThreads? lookups = null
    )
    {
        ForwardNodeOptions options = new()
        {
            Node = id,
            AllowUnkeyedNetwork = allowUnkeyed,
            RealTimeBudget = TimeSpan.FromSeconds(5), // not the pace of the test machine decides what arrives
        };
        configure?.Invoke(options);
        _resolver = new OverrideResolver(
            [_routes, _overrides],
            new RouteOptions { SocketDirectory = world.SocketDirectory, AllowUnkeyedNetwork = allowUnkeyed }
        );
        SocketPort = (int)(id % 60_000) + 1;
        Ip = new IpTransport(
            new IpTransportOptions
            {
                Port = 0,
                Addresses = addresses,
                SegmentationOffload = world.SegmentationOffload,
            }
        );
        Socket = new SocketTransport(
            new SocketTransportOptions
            {
                Port = SocketPort,
                Directory = world.SocketDirectory,
                AllowedUserIds = userIds is null ? null : [LibC.EffectiveUserId(), 0, .. userIds.Values],
                NodeUserIds = userIds,
            }
        );
        IVSocketFamily? family = world.CreateVSocketFamily();
        VSocketFamily = family as UnixVSocketFamily;
        VSocketTransportOptions vsocketOptions = new()
        {
            Port = TransportHarness.VSocket.NextPort(),
            Type = world.VSocketType,
        };
        VSocket = family is null ? new VSocketTransport(vsocketOptions) : new VSocketTransport(vsocketOptions, family);
        VSocketPort = vsocketOptions.Port;
        IForwardTransport[] transports = vsockets ? [Ip, Socket, VSocket] : [Ip, Socket];
        Node = new ForwardNode(
            world.Loop,
            options,
            transports,
            _resolver,
            lookups ?? LookupThreads.Shared,
            logger: null
        );
        metrics?.Add(Node);
        Node.Start(this);
    }

    /// <summary>Replaces all rows but the overrides.</summary>
    public void Replace(IEnumerable<RouteRow> rows) => _routes.Replace(rows);

    public ForwardNode Node { get; }

    public IpTransport Ip { get; }

    public SocketTransport Socket { get; }

    public int SocketPort { get; }

    public VSocketTransport VSocket { get; }

    public int VSocketPort { get; }

    /// <summary>The UNIX sockets that emulate the kernel's vSockets; null when not used.</summary>
    public UnixVSocketFamily? VSocketFamily { get; }

    public IPAddress Address => ((IPEndPoint)Ip.LocalEndPoints[0]).Address;

    public int UdpPort => ((IPEndPoint)Ip.LocalEndPoints[0]).Port;

    public uint Id => Node.Id;

    /// <summary>Copies of the messages, unless <see cref="OnReceived"/> is set.</summary>
    public List<(uint From, ulong Stream, ulong Sequence, byte[] Payload)> Messages { get; } = [];

    public List<StreamEnd> Ends { get; } = [];

    public List<PeerEvent> Changes { get; } = [];

    public List<(uint Node, ulong Stream)> WritableStreams { get; } = [];

    public List<Undelivered> Reports { get; } = [];

    public ReceivedCallback? OnReceived { get; set; }

    public delegate void ReceivedCallback(in ReceivedMessage message);

    public bool IsConnectedTo(TestNode other) => Node.GetPeer(other.Id)?.State == PeerState.Connected;

    public void Route(TestNode other, TransportKind kind) =>
        Route(
            kind switch
            {
                TransportKind.Ip => new RouteRow(other.Id, 0, kind, other.Address.ToString(), other.UdpPort),
                TransportKind.VSocket => new RouteRow(other.Id, 0, kind, "1", other.VSocketPort),
                _ => new RouteRow(other.Id, 0, kind, "", other.SocketPort),
            }
        );

    public void Route(RouteRow row)
    {
        _rows.RemoveAll(existing => existing.Node == row.Node);
        _rows.Add(row);
        _routes.Replace(_rows);
    }

    /// <summary>Replaces all rows.</summary>
    public void Route(IReadOnlyCollection<RouteRow> rows)
    {
        _rows.Clear();
        _rows.AddRange(rows);
        _routes.Replace(_rows);
    }

    /// <summary>Sets the only row that takes precedence over those of <see cref="Route(RouteRow)"/>.</summary>
    public void Override(RouteRow row) => _overrides.Replace([row]);

    public void RemoveRoutes()
    {
        _rows.Clear();
        _overrides.Replace([]);
        _routes.Replace(_rows);
    }

    public void OnMessage(in ReceivedMessage message)
    {
        if (OnReceived is { } callback)
            callback(message);
        else
            Messages.Add((message.Node, message.Stream, message.Sequence, message.Payload.ToArray()));
    }

    public void OnStreamEnd(in StreamEnd end) => Ends.Add(end);

    public void OnPeer(in PeerEvent change) => Changes.Add(change);

    public void OnWritable(uint node, ulong stream) => WritableStreams.Add((node, stream));

    public void OnUndelivered(in Undelivered report) => Reports.Add(report);

    public void Dispose()
    {
        Node.Dispose();
        _resolver.Dispose();
    }
}
