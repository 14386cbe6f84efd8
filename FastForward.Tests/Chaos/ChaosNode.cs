using System.Net;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;

namespace FastForward.Tests.Chaos;

/// <summary>One process of a node: sends the workload to its peers and keeps the journal, on the loop thread.</summary>
internal sealed class ChaosNode : IForwardHandler, ITrafficNode, IAsyncDisposable
{
    private const int HeldByReader = 100;
    private static readonly TimeSpan s_pace = TimeSpan.FromMilliseconds(5);

    private readonly FileJournal _journal;
    private readonly ForwardLoop _loop;
    private readonly ForwardNode _node;
    private readonly OverrideResolver _routes;
    private readonly LoopTimer _beat;
    private readonly TrafficSource _traffic;
    private readonly Random _random;
    private readonly Queue<CreditHold> _held = [];
    private readonly List<(uint Node, TrafficShape Shape)> _peers = [];
    private bool _readsSlowly;
    private bool _isQuiet;

    public ChaosNode(ChaosArguments arguments)
    {
        uint id = arguments.Node;
        _random = new Random(arguments.Seed);
        _journal = new FileJournal(arguments.Directory, arguments.Process, id);
        _loop = new ForwardLoop(new ForwardLoopOptions { Idle = IdleStrategy.Block, FailFast = true });
        List<RouteRow> rows = [];
        foreach (uint peer in ChaosTopology.PeersOf(id))
        {
            bool isIp = ChaosTopology.Between(id, peer) == TransportKind.Ip;
            rows.Add(
                isIp
                    ? new RouteRow(peer, 0, TransportKind.Ip, "127.0.0.1", arguments.PortOf(peer))
                    : new RouteRow(peer, 0, TransportKind.Socket, "", ChaosTopology.SocketPort(peer))
            );
            _peers.Add((peer, ShapeFor(isIp)));
        }

        _readsSlowly = _random.Next(3) == 0;
        _routes = new OverrideResolver(
            [new StaticRouteSource(rows)],
            new RouteOptions { SocketDirectory = arguments.Sockets }
        );
        SocketTransport socket = new(
            new SocketTransportOptions { Port = ChaosTopology.SocketPort(id), Directory = arguments.Sockets }
        );
        IpTransport ip = new(new IpTransportOptions { Port = arguments.PortOf(id), Addresses = [IPAddress.Loopback] });
        _node = new ForwardNode(
            _loop,
            new ForwardNodeOptions
            {
                Node = id,
                ProbeInterval = TimeSpan.FromMilliseconds(200),
                DeadAfter = ChaosFaults.DeadAfter,
                DrainLimit = TimeSpan.FromSeconds(1),
                RealTimeBudget = TimeSpan.FromSeconds(5),
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
            return true;
        });

    public Task<ChaosState> GetState() =>
        OnLoop(() =>
        {
            IReadOnlyList<PeerStatus> peers = _node.GetPeers();
            return new ChaosState(
                peers.Count(static peer => peer.State == PeerState.Connected),
                peers.Sum(static peer => peer.UnacknowledgedBytes),
                OwnLinks.Count(),
                Directory.GetFiles("/proc/self/fd").Length,
                GC.GetTotalMemory(forceFullCollection: true) >> 10,
                _node.Statistics.StrangerFrames,
                _node.Statistics.RefusedHandshakes
            );
        });

    public SendResult Send(uint to, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end) =>
        _node.Send(to, stream, messageClass, payload, end ? SendOptions.End : SendOptions.None);

    public SendStatus ResetStream(uint to, ulong stream, uint code) => _node.ResetStream(to, stream, code);

    public void OnMessage(in ReceivedMessage message)
    {
        _journal.Received(message);
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
        _journal.Dispose();
    }

    private TrafficShape ShapeFor(bool isIp) =>
        isIp ? new TrafficShape { RealTimeShare = 1, RealTimeStreams = 20 }
        : _random.Next(3) == 0
            ? new TrafficShape
            {
                OpenStreams = 500,
                LongShare = 1000,
                EndShare = 50,
            }
        : new TrafficShape();

    private void Beat()
    {
        _beat.SetAfter(s_pace);
        if (_readsSlowly)
            Release(Math.Min(2, _held.Count));
        if (_isQuiet || !_journal.HasRoomToSend)
            return;
        foreach ((uint peer, TrafficShape shape) in _peers)
        {
            for (int more = _random.Next(5); more > 0; more--)
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
