using System.Net;
using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Loop;
using FastForward.Transport.Node;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Node;

/// <summary>Complete nodes over real sockets, all on one loop that the test drives.</summary>
/// <param name="time">The clock; null for the system's.</param>
/// <param name="kernelVSockets">Use the vSockets of the kernel; otherwise other sockets emulate them.</param>
/// <param name="vsocketDatagrams">Emulate vSockets by UDP datagrams; otherwise by UNIX sockets.</param>
internal sealed class NodeWorld(TimeProvider? time = null, bool kernelVSockets = false, bool vsocketDatagrams = false)
    : IDisposable
{
    private readonly LoopDriver _driver = new(time);
    private readonly TemporaryDirectory _sockets = new();
    private readonly TemporaryDirectory _vsockets = new();
    private readonly List<TestNode> _nodes = [];

    public ForwardLoop Loop => _driver.Loop;

    /// <summary>Applies to nodes that are started later.</summary>
    public bool SegmentationOffload { get; set; } = true;

    public string SocketDirectory => _sockets.Path;

    public IReadOnlyList<string> SocketFiles => _sockets.Files;

    /// <summary>The directory of the UNIX sockets that emulate vSockets.</summary>
    public string VSocketDirectory => _vsockets.Path;

    public VSocketType VSocketType => vsocketDatagrams ? VSocketType.Datagram : VSocketType.Auto;

    /// <summary>Null with the vSockets of the kernel.</summary>
    public IVSocketFamily? CreateVSocketFamily() =>
        kernelVSockets ? null
        : vsocketDatagrams ? new UdpVSocketFamily()
        : new UnixVSocketFamily(_vsockets.Path);

    /// <summary>
    /// Starts a node without routes; <paramref name="address"/> is that of its UDP port, 127.0.0.1 by default, or
    /// <paramref name="addresses"/> are.
    /// </summary>
    public TestNode Start(
        uint id,
        Action<ForwardNodeOptions>? configure = null,
        bool allowUnkeyed = false,
        IPAddress? address = null,
        ForwardMetrics? metrics = null,
        bool vsockets = true,
        IReadOnlyDictionary<uint, uint>? userIds = null,
        LookupThreads? lookups = null,
        IReadOnlyList<IPAddress>? addresses = null
    )
    {
        TestNode node = new(
            this,
            id,
            configure,
            allowUnkeyed,
            addresses ?? [address ?? IPAddress.Loopback],
            metrics,
            vsockets,
            userIds,
            lookups
        );
        _nodes.Add(node);
        return node;
    }

    /// <summary>
    /// Starts two nodes with routes to each other over one medium, and waits until they are connected.
    /// </summary>
    public (TestNode A, TestNode B) Pair(
        TransportKind kind,
        Action<ForwardNodeOptions>? configure = null,
        ForwardMetrics? metrics = null,
        uint first = 25011,
        uint second = 250012
    )
    {
        TestNode a = Start(first, configure, metrics: metrics);
        TestNode b = Start(second, configure, metrics: metrics);
        a.Route(b, kind);
        b.Route(a, kind);
        Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both nodes connected");
        return (a, b);
    }

    public void Until(Func<bool> condition, string what) => _driver.Until(condition, what);

    public void Cycle() => _driver.Cycle();

    public void Dispose()
    {
        foreach (TestNode node in _nodes)
            node.Dispose();
        _driver.Dispose();
        _sockets.Dispose();
        _vsockets.Dispose();
    }
}
