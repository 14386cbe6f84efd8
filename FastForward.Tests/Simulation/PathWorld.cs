using FastForward.Tests.Session;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Simulation;

/// <summary>What happens to the paths of a world.</summary>
public enum PathFault
{
    Cut,
    CutOneWay,
    CutBoth,
    Heal,
    CloseLink,
    RestartSender,
    RestartReceiver,
    ChangeRoute,
    ShrinkFrames,
}

/// <summary>
/// A short conversation over two paths, the same one each time, and faults at given events of it. Half a second after
/// the last of them everything works again, and must come to rest.
/// </summary>
internal sealed class PathWorld
{
    private const long Second = 1_000_000;
    private const long Talk = 300_000;
    private const ulong Reliable = 1_000;

    private readonly SimulatedRoute[] _routes;
    private readonly SimulatedNetwork _network;
    private readonly List<SimulatedNode> _everyone = [];
    private readonly long _begin;
    private ulong _calls;
    private bool _isSwapped;

    private PathWorld(SimulatedRoute[] routes, int seed)
    {
        _routes = routes;
        _network = new SimulatedNetwork(seed) { MaxDelay = 3_000, MinDelay = 2_000 };
        Start(1);
        Start(2);
        Find(1).Open(2, _routes);
        bool isUp = _network.RunUntil(() => Find(1).Peer(2).Paths.Count(static path => path.IsSound) == 2, 5 * Second);
        Assert.That(isUp, Is.True);
        _network.Run(_network.Now + (3 * Second));
        _begin = _network.Events;
        for (long at = 0; at < Talk; at += 20_000)
            _network.At(_network.Now + at, SendRealTime);
        for (long at = 0; at < Talk; at += 30_000)
            _network.At(_network.Now + at, SendReliable);
    }

    /// <summary>How many events the conversation has when nothing happens.</summary>
    public static int EventsOf(SimulatedRoute[] routes)
    {
        PathWorld world = new(routes, seed: 1);
        world._network.Run(world._network.Now + Talk + (Second / 2));
        Assert.That(world.CheckDelivery("no fault").MostMissingRealTime, Is.Zero);
        return (int)(world._network.Events - world._begin);
    }

    /// <summary>Runs the conversation with faults, each at an event.</summary>
    public static void Run(SimulatedRoute[] routes, params (int Event, PathFault Fault)[] faults)
    {
        string name = string.Join(", ", faults.Select(static fault => $"{fault.Fault} at {fault.Event}"));
        PathWorld world = new(routes, seed: 1 + (faults[0].Event % 2)); // one with keys, one without
        foreach ((int at, PathFault fault) in faults)
            world._network.Interruptions.Enqueue((world._begin + at, () => world.Apply(fault)));
        world._network.Run(world._network.Now + Talk + (Second / 2));
        world._network.Interruptions.Clear(); // a restart may have left fewer events
        world.Heal();
        SimulatedNetwork network = world._network;
        Assert.That(
            network.RunUntil(() => world.IsAtRest(1, 2) && world.IsAtRest(2, 1), 60 * Second),
            Is.True,
            () => $"{name}: {world.Describe()}"
        );
        SendStatus status = world.Find(1).SendNumbered(2, 5_000, MessageClass.RealTime, 40, end: true).Status;
        Assert.That(status, Is.EqualTo(SendStatus.Accepted), name);
        network.Run(network.Now + Second);
        Assert.That(
            world.Find(2).Recorder.Messages.Exists(static message => message.Stream == 5_000),
            Is.True,
            () => $"{name}: {world.Describe()}"
        );
        world.CheckDelivery(name);
        if (faults is not [(_, PathFault only)] || MostMissing(routes, only) is not { } most)
            return;
        Assert.That(world.CheckDelivery(name).MostMissingRealTime, Is.LessThanOrEqualTo(most), name);
        Assert.That(world.Find(2).Statistics.LateMessages, Is.Zero, name);
    }

    private void Apply(PathFault fault)
    {
        switch (fault)
        {
            case PathFault.Cut:
                Cut(0, forth: true, back: true);
                break;
            case PathFault.CutOneWay:
                Cut(0, forth: true, back: false);
                break;
            case PathFault.CutBoth:
                Cut(0, forth: true, back: true);
                Cut(1, forth: true, back: true);
                break;
            case PathFault.Heal:
                Heal();
                break;
            case PathFault.CloseLink:
                if (Find(1).Peer(2).SendPath?.Link is SimulatedLink { IsClosed: false } link)
                    _network.Cut(link);
                break;
            case PathFault.RestartSender:
                Restart(1);
                Find(1).Open(2, _routes);
                break;
            case PathFault.RestartReceiver:
                Restart(2);
                break;
            case PathFault.ChangeRoute:
                _isSwapped = !_isSwapped;
                Find(1).Open(2, _isSwapped ? [_routes[1]] : _routes);
                break;
            case PathFault.ShrinkFrames:
                _network.LongestDatagram = 700;
                break;
        }
    }

    private void Start(uint id) => _everyone.Add(_network.Start(id, 3 - id));

    private void Restart(uint id)
    {
        _network.Kill(Find(id));
        Start(id);
    }

    private SimulatedNode Find(uint id) => _network.Find(id)!;

    private void Cut(int route, bool forth, bool back)
    {
        if (forth)
            Direction(1, 2, _routes[route]).CutUntil = long.MaxValue;
        if (back)
            Direction(2, 1, _routes[route]).CutUntil = long.MaxValue;
    }

    private void Heal()
    {
        foreach (SimulatedRoute route in _routes)
        {
            Direction(1, 2, route).CutUntil = 0;
            Direction(2, 1, route).CutUntil = 0;
        }
    }

    private Direction Direction(uint from, uint to, SimulatedRoute route) =>
        _network.Direction(
            SimulatedRoute.AddressOf(from, route.Network),
            SimulatedRoute.AddressOf(to, route.Network),
            route.Kind
        );

    private void SendRealTime()
    {
        for (ulong stream = 1; stream <= 2; stream++)
            Find(1).SendNumbered(2, stream, MessageClass.RealTime, 40);
        Find(2).SendNumbered(1, 1, MessageClass.RealTime, 40);
    }

    private void SendReliable()
    {
        Find(1).SendNumbered(2, Reliable, MessageClass.Reliable, 3_000);
        Find(1).SendNumbered(2, Reliable + ++_calls, MessageClass.Reliable, 30, end: true);
        Find(2).SendNumbered(1, Reliable, MessageClass.Reliable, 100);
    }

    private bool IsAtRest(uint id, uint other)
    {
        Peer peer = Find(id).Peer(other);
        return peer.State == PeerState.Connected
            && peer.Association.Sender is { Unacknowledged: 0, StoredBytes: 0 }
            && peer.Association.Receiver.OutputDue == long.MaxValue
            && peer.Paths.All(static path => path.Recovery is null or { InFlight: 0 });
    }

    private Ledger CheckDelivery(string name) => Ledger.Check(name, _everyone.Select(static node => node.Journal));

    // Of one stream; null where nothing works for a while, or a process ends. A path that dies takes at most one
    // message of each with it, where the other one works; a route that changes none. What was written to a connection
    // is lost with it, and only its probes show that it is silent.
    private static int? MostMissing(SimulatedRoute[] routes, PathFault fault) =>
        fault switch
        {
            PathFault.Heal or PathFault.ChangeRoute => 0,
            PathFault.Cut or PathFault.CutOneWay when routes[0].Kind == TransportKind.Ip => 1,
            PathFault.CloseLink => routes[0].Kind == TransportKind.Ip ? 0 : 1,
            _ => null,
        };

    private string Describe() =>
        string.Join(
            "; ",
            _everyone
                .Where(static node => !node.IsDead)
                .SelectMany(static node =>
                    node.Peers.All.Select(peer =>
                        $"node {node.Id}: {peer.State}, {peer.Association.Sender.Unacknowledged} not acknowledged, "
                        + $"{peer.Association.Sender.StoredBytes} stored, acknowledgements due "
                        + $"{peer.Association.Receiver.OutputDue}, "
                        + string.Join(
                            ' ',
                            peer.Paths.Select(static path =>
                                $"[{path.Kind} {path.State} {path.Phase} {path.Recovery?.InFlight} in flight]"
                            )
                        )
                    )
                )
        );
}
