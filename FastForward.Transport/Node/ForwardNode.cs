using System.Security.Cryptography;
using FastForward.Transport.Loop;
using FastForward.Transport.Node;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport;

/// <summary>
/// One node of the network in this process: sends messages to node ids and receives them, over whichever medium the
/// routes choose. Confined to the thread of its loop; several nodes may share a loop.
/// </summary>
public sealed partial class ForwardNode : IDisposable, IAsyncDisposable
{
    private readonly ForwardLoop _loop;
    private readonly ForwardNodeOptions _options;
    private readonly OverrideResolver _routes;
    private readonly NodeImpairment? _impairment;
    private readonly TransportSet _transports;
    private readonly EventQueue _events;
    private readonly FramePump _pump;
    private readonly RoutedPeers _routedPeers;
    private readonly RouteAdmission _admission;
    private readonly NodeKeys _keys;
    private readonly ClockStep _clockStep;
    private readonly LoopbackAssociation _local;
    private readonly LinkDispatcher _dispatcher;
    private readonly LoopShare _share;
    private readonly StallNotice _stallNotice;
    private readonly LoopTimer _drainTimer;
    private readonly Stack<HeldCredit> _releasedHolds = new();
    private readonly StreamNumbers _streamNumbers = new(TimeProvider.System.GetUtcNow());

    private volatile bool _started;
    private volatile bool _disposed;
    private TaskCompletionSource? _stopping;
    private TaskCompletionSource? _disposal;
    private long _drainUntil;

    /// <summary>Creates a node. It takes ownership of the transports.</summary>
    /// <param name="loop">The loop that drives the node.</param>
    /// <param name="options">The settings; the node id has no default.</param>
    /// <param name="transports">The transports to use, at most one of each kind.</param>
    /// <param name="routes">The routes to the other nodes.</param>
    /// <param name="logger">Receives peer events and refusals.</param>
    /// <exception cref="ArgumentException">
    /// An option is out of range or a kind of transport is given twice; the message names it.
    /// </exception>
    public ForwardNode(
        ForwardLoop loop,
        ForwardNodeOptions options,
        IEnumerable<IForwardTransport> transports,
        OverrideResolver routes,
        ILogger<ForwardNode>? logger = null
    )
        : this(loop, options, transports, routes, LookupThreads.Shared, logger) { }

    internal ForwardNode(
        ForwardLoop loop,
        ForwardNodeOptions options,
        IEnumerable<IForwardTransport> transports,
        OverrideResolver routes,
        LookupThreads lookups,
        ILogger<ForwardNode>? logger
    )
    {
        ArgumentNullException.ThrowIfNull(loop);
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(transports);
        ArgumentNullException.ThrowIfNull(routes);
        options.Validate();
        _loop = loop;
        _options = options;
        _routes = routes;
        Logger = logger ?? NullLogger<ForwardNode>.Instance;
        Incarnation = NewIncarnation();
        _keys = new NodeKeys(options.Node, options.Keys);
        LogKeyWarnings();
        SessionOptions session = options.ToSessionOptions(Incarnation);
        MessageMemory memory = new();
        LocalStatistics = new PeerStatistics(options.Node, Statistics);
        _pump = new FramePump(loop);
        if (options.Impairment is { } impairment)
            _impairment = new NodeImpairment(impairment, options.Node, Logger);
        _transports = new TransportSet(loop, _impairment?.Impair(transports) ?? transports, Logger);
        _events = new EventQueue(loop, Logger);
        HostNames names = new(loop, lookups);
        OwnAddresses own = new(loop);
        _admission = new RouteAdmission(options, routes, _transports, names, own);
        LocalPeers local = new(own, routes.SocketDirectory);
        PeerConnectorFactory connectors = new(new(loop, options, _transports, _admission, _pump, names, local));
        SessionRandom random = new(Jitter, Nonce);
        Peers = new Peers(session, _events, Statistics, _admission, memory, random, _keys, connectors);
        _routedPeers = new RoutedPeers(loop, options, routes, _transports, _pump, Peers, _admission, _keys);
        _clockStep = new ClockStep(loop, _routedPeers.OnClockStep);
        _local = new LoopbackAssociation(session, _events, LocalStatistics, memory);
        _dispatcher = new LinkDispatcher(loop, Peers, _events, Statistics, session);
        _share = new LoopShare(this);
        _stallNotice = new StallNotice(this);
        _drainTimer = loop.CreateTimer(static () => { }); // only wakes the loop: Flush checks whether all is drained
    }

    /// <summary>The node's own id.</summary>
    public uint Id => _options.Node;

    /// <summary>Counters. Any thread may read them.</summary>
    public NodeStatistics Statistics { get; } = new();

    /// <summary>The random number that peers know this process by (<see cref="PeerStatus.Incarnation"/>).</summary>
    internal ulong Incarnation { get; }

    /// <summary>The counters of messages to the node's own id.</summary>
    internal PeerStatistics LocalStatistics { get; }

    internal LoopStatistics LoopStatistics => _loop.Statistics;

    internal int SendStoreBytes => _options.SendStoreBytes;

    internal TimeSpan DrainLimit => _options.DrainLimit;

    /// <summary>For what belongs to the node and has no logger of its own.</summary>
    internal ILogger Logger { get; }

    /// <summary>How often the routes of a node were applied.</summary>
    internal long AppliedRoutes => _routedPeers.Applied;

    /// <summary>The table of peers. Loop thread only.</summary>
    internal Peers Peers { get; }

    private static ulong NewIncarnation() => Nonce() | 1; // never 0, which means "unknown"

    private static ulong Nonce()
    {
        Span<byte> random = stackalloc byte[sizeof(ulong)];
        RandomNumberGenerator.Fill(random);
        return BitConverter.ToUInt64(random);
    }

    private static long Jitter(long limit) => limit <= 0 ? 0 : Random.Shared.NextInt64(limit);

    private void Verify() => _loop.VerifyAccess();

    // Called on any thread.
    private void OnRoutesChanged() =>
        _loop.Post(() =>
        {
            if (!_disposed && _stopping is null)
                _routedPeers.Take();
        });

    /// <summary>
    /// Tells the peers that this process did not run for a while, before they get the frames that came meanwhile.
    /// </summary>
    private sealed class StallNotice(ForwardNode node) : ILoopSource
    {
        public int Descriptor => -1;

        public int Poll(int budget)
        {
            if (node._loop.StalledMicros > 0)
            {
                foreach (Peer peer in node.Peers.All)
                    peer.OnStall(node._loop.NowMicros, node._loop.StalledMicros);
            }

            return 0;
        }

        public bool Arm() => false;

        public void Disarm() { }
    }

    /// <summary>The node's work in each duty cycle.</summary>
    private sealed class LoopShare(ForwardNode node) : ILoopSource, ILoopFlush
    {
        public int Descriptor => -1;

        public int Poll(int budget)
        {
            int routes = node._stopping is null ? node._routedPeers.Apply(RoutedPeers.NodesPerCycle) : 0;
            return routes + node._events.Dispatch(budget) + node._local.Exchange(node._loop.NowMicros, budget);
        }

        public bool Arm() =>
            !node._events.IsEmpty
            || node._local.HasOutput
            || node._pump.HasWork
            || (node._stopping is null && node._routedPeers.HasWork);

        public void Disarm() { }

        public void Flush()
        {
            node._pump.Pump();
            node._transports.Flush();
            node._pump.CloseEndedLinks();
            if (node._stopping is null)
                return;
            if (node._loop.NowMicros >= node._drainUntil || (node._routedPeers.AreDrained() && !node._local.HasOutput))
                node.Dispose();
        }
    }
}
