using FastForward.Tests.Registry.Tarantool;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Chaos;

/// <summary>One process of a node: sends the workload to its peers and keeps the journal, on the loop thread.</summary>
internal sealed class ChaosNode : IForwardHandler, ITrafficNode, IAsyncDisposable
{
    private const int HeldByReader = 100;

    // All nodes together: 2,000 messages a second of each class, or a little more.
    private const int MessagesPerSecond = 4000;
    private const int RealTimeShare = 2;

    private static readonly TrafficShape s_calm = new()
    {
        RealTimeShare = RealTimeShare,
        LongShare = 100,
        ResetShare = int.MaxValue,
    };

    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(5);

    private readonly FileJournal _journal;
    private readonly ForwardLoop _loop;
    private readonly ForwardNode _node;
    private readonly OverrideResolver _routes;
    private readonly StaticRouteSource _preferred;
    private readonly TarantoolRegistry? _registry;
    private readonly ChaosPlace _place;
    private readonly int _mostPerBeat;
    private readonly DeliveryPauses _pauses = new();
    private readonly LoopTimer _beat;
    private readonly TrafficSource _traffic;
    private readonly Random _random;
    private readonly Queue<CreditHold> _held = [];
    private readonly List<(uint Node, TrafficShape Shape)> _peers = [];
    private bool _readsSlowly;
    private bool _isQuiet;
    private long _nextBeat;

    public ChaosNode(ChaosArguments arguments)
    {
        uint id = arguments.Node;
        _random = new Random(arguments.Seed);
        _journal = new FileJournal(arguments.Directory, arguments.Process, id);
        _loop = new ForwardLoop(new ForwardLoopOptions { Idle = IdleStrategy.Block, FailFast = true });
        _place = ChaosPlace.Of(arguments);
        int nodes = _place.Peers.Count + 1;
        double mean = MessagesPerSecond * s_pace.TotalSeconds / (nodes * _place.Peers.Count);
        _mostPerBeat = (int)Math.Ceiling(2 * mean);
        foreach (uint peer in _place.Peers)
            _peers.Add((peer, arguments.IsCalm ? s_calm : ShapeFor(ChaosTopology.HaveSockets(id, peer))));
        _readsSlowly = !arguments.IsCalm && _random.Next(3) == 0;
        _isQuiet = arguments.IsCalm; // what waits for a peer that is not there yet is reported after a while
        _preferred = new StaticRouteSource([], RouteTable.OverriddenNodes);
        _registry = arguments.Registry.Length > 0 ? Follow(arguments) : null;
        IEnumerable<IRouteSource> first = _registry is null
            ? [new StaticRouteSource(_place.First, RouteTable.Nodes)]
            : _registry.Sources;
        _routes = new OverrideResolver(
            [_preferred, .. first, new StaticRouteSource(_place.Others)],
            new RouteOptions { SocketDirectory = arguments.Sockets, AllowUnkeyedNetwork = arguments.HasNetworks }
        );
        SocketTransport socket = new(
            new SocketTransportOptions { Port = ChaosTopology.SocketPort(id), Directory = arguments.Sockets }
        );
        IpTransport ip = new(new IpTransportOptions { Port = arguments.PortOf(id), Addresses = [.. _place.Addresses] });
        _node = new ForwardNode(
            _loop,
            new ForwardNodeOptions
            {
                Node = id,
                ProbeInterval = TimeSpan.FromMilliseconds(200),
                DeadAfter = ChaosFaults.DeadAfter,
                DrainLimit = TimeSpan.FromSeconds(1),
                RealTimeBudget = TimeSpan.FromSeconds(5),
                AllowUnkeyedNetwork = arguments.HasNetworks,
            },
            [socket, ip],
            _routes
        );
        _journal.Met(id, _node.Incarnation);
        _traffic = new TrafficSource(this, _random);
        _beat = _loop.CreateTimer(Beat);
    }

    public Journal Journal => _journal;

    public void Start()
    {
        _node.Start(this);
        _beat.SetAfter(s_pace);
        _loop.Start($"node {_node.Id}");
    }

    /// <summary>Sends no more, and reads as fast as messages come.</summary>
    public Task BeQuiet() =>
        OnLoop(() =>
        {
            _isQuiet = true;
            _readsSlowly = false;
            Release(_held.Count);
            GC.Collect(); // what is left is reported
            return true;
        });

    /// <summary>Begins to send.</summary>
    public Task Talk() => OnLoop(() => _isQuiet = false);

    /// <summary>Whether the rows of UDP come first; null for the other way than now. Any thread.</summary>
    public void Prefer(bool? ip) => _preferred.Replace(ip ?? (_preferred.Rows.Count == 0) ? _place.Others : []);

    /// <summary>The longest time without a message of a peer since it was asked last, in microseconds.</summary>
    public Task<long> TakePause() => OnLoop(() => _pauses.Take(_loop.Now));

    public Task<ChaosState> GetState() =>
        OnLoop(() =>
        {
            IReadOnlyList<PeerStatus> peers = _node.GetPeers();
            return new ChaosState(
                peers.Count(static peer => peer.State == PeerState.Connected),
                peers.Sum(static peer => peer.UnacknowledgedBytes),
                OwnLinks.Count(),
                Directory.GetFiles("/proc/self/fd").Length,
                GC.GetTotalMemory(forceFullCollection: false) >> 10,
                _node.Statistics.StrangerFrames,
                _node.Statistics.RefusedHandshakes,
                peers.SelectMany(static peer => peer.Paths).Count(IsUsable),
                peers.Count(_place.IsOnFirst),
                peers.Sum(static peer => peer.MessagesSent),
                peers.Sum(static peer => peer.MessagesReceived),
                _node.Statistics.LateMessages,
                _node.Statistics.SkippedMessages,
                peers.Sum(static peer => peer.UndeliveredMessages)
            );
        });

    public SendResult Send(uint to, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end) =>
        _node.Send(to, stream, messageClass, payload, end ? SendOptions.End : SendOptions.None);

    public SendStatus ResetStream(uint to, ulong stream, uint code) => _node.ResetStream(to, stream, code);

    public void OnMessage(in ReceivedMessage message)
    {
        _journal.Received(message);
        _pauses.Arrived(message.Node, _loop.Now);
        if (!_readsSlowly || message.Class != MessageClass.Reliable)
            return;
        _held.Enqueue(_node.HoldCredit(message));
        Release(_held.Count - HeldByReader);
    }

    public void OnStreamEnd(in StreamEnd end) => _journal.Ended(end);

    public void OnUndelivered(in Undelivered report) => _journal.Undelivered(report);

    public void OnPeer(in PeerEvent change)
    {
        if (_node.GetPeer(change.Node) is { Incarnation: not 0 } peer)
            _journal.Met(change.Node, peer.Incarnation);
    }

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _loop.StopAsync();
        _loop.Dispose();
        _routes.Dispose();
        _registry?.Dispose();
        _journal.Dispose();
    }

    private static TarantoolRegistry Follow(ChaosArguments arguments)
    {
        TarantoolRegistry registry = new(
            new TarantoolRegistryOptions
            {
                Servers = [arguments.Registry],
                UserName = FollowWorld.User,
                Password = FollowWorld.Password,
                OwnNode = arguments.Node,
            }
        );
        registry.Start();
        return registry;
    }

    private static bool IsUsable(PathStatus path) => path.State is PathState.Sound or PathState.Doubtful;

    private TrafficShape ShapeFor(bool hasSocket) =>
        !hasSocket
            ? new TrafficShape
            {
                RealTimeShare = RealTimeShare,
                RealTimeStreams = 20,
                LongShare = 100,
            }
        : _random.Next(3) == 0
            ? new TrafficShape
            {
                RealTimeShare = RealTimeShare,
                OpenStreams = 500,
                LongShare = 1000,
                EndShare = 50,
            }
        : new TrafficShape { RealTimeShare = RealTimeShare };

    private void Beat()
    {
        // As often as it should be on average, but what was missed while the process stood still is not made up for.
        _nextBeat = Math.Max(_nextBeat + (long)s_pace.TotalMicroseconds, _loop.NowMicros);
        _beat.SetAt(_nextBeat);
        if (_readsSlowly)
            Release(Math.Min(2, _held.Count));
        if (_isQuiet || !_journal.HasRoomToSend)
            return;
        foreach ((uint peer, TrafficShape shape) in _peers)
        {
            for (int more = _random.Next(_mostPerBeat + 1); more > 0; more--)
                _traffic.Step(peer, shape);
        }
    }

    private void Release(int count)
    {
        for (; count > 0; count--)
            _held.Dequeue().Dispose();
    }

    private Task<T> OnLoop<T>(Func<T> function)
    {
        TaskCompletionSource<T> done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() => done.SetResult(function()));
        return done.Task;
    }
}
