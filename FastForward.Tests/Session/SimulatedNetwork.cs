using FastForward.Tests.Simulation;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;

namespace FastForward.Tests.Session;

/// <summary>
/// Simulated nodes, links and clock: the session layer runs on it as on real media, and the same choices reproduce a
/// run exactly.
/// </summary>
internal sealed class SimulatedNetwork(IChoices choices)
{
    // The events of the nodes' owners alone: the same moment without progress is a loop.
    private const int MostAtOnce = 1_000_000;

    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly Dictionary<uint, SimulatedNode> _nodes = [];
    private readonly Dictionary<(uint From, uint To, TransportKind Kind), Direction> _directions = [];
    private long _order;
    private uint _nextIndex = 1;
    private int _nextProcess;
    private int _atOnce;

    /// <summary>With keys where the seed is even.</summary>
    public SimulatedNetwork(int seed)
        : this(new SeededChoices((ulong)seed))
    {
        if (seed % 2 == 0)
            Keys = SimulatedKeys.Instance;
    }

    /// <summary>The decisions of the world: what is sent, and what happens to the nodes.</summary>
    public ChoiceStream Random { get; } = new(choices, "world");

    public long Now { get; private set; }

    /// <summary>Events that have happened.</summary>
    public long Events { get; private set; }

    /// <summary>What happens before the events of these numbers, in their order.</summary>
    public Queue<(long Event, Action Action)> Interruptions { get; } = new();

    /// <summary>More events are taken for a loop that does not end.</summary>
    public long MostEvents { get; init; } = 50_000_000;

    public double Loss { get; set; }

    public double Duplication { get; set; }

    /// <summary>The probability that a datagram arrives once more, seconds later.</summary>
    public double Ghosts { get; set; }

    /// <summary>The probability that a datagram is damaged; only with <see cref="Keys"/>.</summary>
    public double Damage { get; set; }

    /// <summary>The probability that a datagram is delayed by <see cref="MaxDelay"/> more.</summary>
    public double Lateness { get; set; }

    public long MaxDelay { get; set; } = 1_000;

    public long MinDelay { get; set; } = 1;

    /// <summary>The most datagrams that wait in front of a medium; further ones are dropped.</summary>
    public int QueueFrames { get; set; } = int.MaxValue;

    /// <summary>How fast datagrams leave that queue; 0 for at once.</summary>
    public long BytesPerMilli { get; set; }

    /// <summary>
    /// The keys of all nodes: each path proves the one of <see cref="SimulatedKeys"/>, and seals datagrams. Null for
    /// none.
    /// </summary>
    public IKeySource? Keys { get; init; } = IsSealed ? SimulatedKeys.Instance : null;

    // All tests that do not say what they need can run with keys.
    private static bool IsSealed => Environment.GetEnvironmentVariable("FASTFORWARD_SEALED") == "1";

    /// <summary>Compares what is on the links with what may be there; null for nothing.</summary>
    public WireModel? Model { get; init; }

    /// <summary>What happens, in words; null for silence.</summary>
    public Action<string>? Log { get; init; }

    public static LinkTraits ReliableTraits { get; } =
        new()
        {
            Reliable = true,
            Ordered = true,
            ConnectionOriented = true,
            DetectsPeerDeath = true,
            MaxFrameSize = 4096,
            HostLocal = true,
        };

    public static LinkTraits DatagramTraits { get; } =
        new()
        {
            Reliable = false,
            Ordered = false,
            ConnectionOriented = false,
            DetectsPeerDeath = false,
            MaxFrameSize = 1200,
            HostLocal = true,
        };

    /// <summary>What the nodes take datagrams for.</summary>
    public LinkTraits Datagrams { get; init; } = DatagramTraits;

    /// <summary>Whether a datagram from one address to another is lost.</summary>
    public Func<uint, uint, bool> Vanishes { get; set; } = static (_, _) => false;

    /// <summary>What happens to the datagrams from one address to another, where that is simulated in detail.</summary>
    public Dictionary<(uint From, uint To), DatagramWay> Ways { get; } = [];

    /// <summary>Called with each datagram that is sent from one address to another, lost or not.</summary>
    public Action<uint, uint, byte[]> Capture { get; set; } = static (_, _, _) => { };

    /// <summary>Sees, and may change, each datagram that arrives at an address.</summary>
    public Action<uint, byte[]>? Arrives { get; set; }

    /// <summary>
    /// What becomes of a frame that an address sends, as if its process were of another release; null for itself.
    /// </summary>
    public Func<uint, byte[], byte[]>? Rewrites { get; set; }

    /// <summary>
    /// The address at which the others see a process, as behind a translator. Datagrams reach it there only.
    /// </summary>
    public Dictionary<uint, uint> SeenAt { get; } = [];

    /// <summary>Longer datagrams are lost, as where the MTU is small.</summary>
    public int LongestDatagram { get; set; } = int.MaxValue;

    /// <summary>The processes that run.</summary>
    public IEnumerable<SimulatedNode> Nodes => _nodes.Values;

    /// <summary>Decisions of another stream than <see cref="Random"/>.</summary>
    public ChoiceStream Choices(string stream) => new(choices, stream);

    public SimulatedNode Start(uint id, params uint[] routes) => StartAt(id, id, null, routes);

    public SimulatedNode StartAt(
        uint address,
        uint id,
        Func<SessionOptions, SessionOptions>? configure,
        params uint[] routes
    ) => StartAt(address, id, default, configure, routes);

    /// <summary>Starts a process at a given address; peers look for a node at the address equal to its id.</summary>
    public SimulatedNode StartAt(
        uint address,
        uint id,
        SimulatedClock clock,
        Func<SessionOptions, SessionOptions>? configure,
        params uint[] routes
    )
    {
        // Another one for each process, whatever is drawn.
        int process = _nextProcess++;
        ulong incarnation = ((ulong)Random.NextInt64(1L << 40) << 20) + (ulong)process + 1;
        SessionOptions options = new() { Node = id, Incarnation = incarnation };
        SimulatedNode node = new(this, address, process, configure?.Invoke(options) ?? options, routes)
        {
            Clock = clock,
        };
        _nodes[address] = node;
        return node;
    }

    /// <summary>Starts the nodes 1 and 2, of which the first opens a path, and runs until both are connected.</summary>
    public (SimulatedNode A, SimulatedNode B) StartPair(
        TransportKind kind,
        Func<SessionOptions, SessionOptions>? configure = null
    )
    {
        SimulatedNode a = StartAt(1, 1, configure, 2);
        SimulatedNode b = StartAt(2, 2, configure, 1);
        a.Open(2, kind);
        Assert.That(
            RunUntil(
                () => a.Peer(2).State == PeerState.Connected && b.Peer(1).State == PeerState.Connected,
                30_000_000
            ),
            Is.True
        );
        return (a, b);
    }

    public SimulatedNode? Find(uint address) => _nodes.GetValueOrDefault(SimulatedRoute.NodeOf(address));

    /// <summary>Ends the process without notification of its peers, like SIGKILL.</summary>
    public void Kill(SimulatedNode node)
    {
        if (_nodes.GetValueOrDefault(node.Address) == node)
            _nodes.Remove(node.Address);
        node.IsDead = true;
        node.Journal.IsKilled = true;
        foreach (SimulatedLink link in node.Links.ToArray())
            Cut(link);
    }

    public uint NewIndex() => _nextIndex++;

    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    public void Run(long until)
    {
        while (_events.TryPeek(out _, out (long Time, long Order) due) && due.Time <= until)
        {
            Action action = _events.Dequeue();
            Count(due.Time);
            Now = Math.Max(Now, due.Time);
            while (Interruptions.TryPeek(out (long Event, Action Action) next) && next.Event <= Events)
                Interruptions.Dequeue().Action();
            action();
        }

        Now = until;
    }

    /// <summary>Runs until a condition holds, with a limit in virtual time.</summary>
    public bool RunUntil(Func<bool> condition, long limit)
    {
        long end = Now + limit;
        while (!condition())
        {
            if (!_events.TryPeek(out _, out (long Time, long Order) due) || due.Time > end)
                return false;
            Run(due.Time);
        }

        return true;
    }

    public Direction Direction(uint from, uint to, TransportKind kind)
    {
        if (_directions.TryGetValue((from, to, kind), out Direction? direction))
            return direction;
        direction = new Direction(Choices($"{kind} {from}-{to}"));
        _directions.Add((from, to, kind), direction);
        return direction;
    }

    /// <summary>Opens a connection; refused if no process runs at the address, or none of its packets arrive.</summary>
    public void Connect(SimulatedNode from, uint to, Action<SimulatedLink?> done) =>
        At(
            Now + Delay(Direction(from.Address, to, TransportKind.Socket).Choices),
            () =>
            {
                if (from.IsDead)
                    return;
                SimulatedNode? target = Find(to);
                if (target is null || IsCut(from.Address, to))
                {
                    done(null);
                    return;
                }

                SimulatedLink near = new(from, TransportKind.Socket, ReliableTraits, NewIndex());
                SimulatedLink far = new(target, TransportKind.Socket, ReliableTraits, NewIndex()) { Other = near };
                near.Other = far;
                target.Links.Add(far);
                from.Links.Add(near);
                done(near);
            }
        );

    public void Cut(SimulatedLink link)
    {
        CloseEnd(link);
        if (link.Other is not { } other)
            return;
        Direction way = Direction(link.Owner.Address, other.Owner.Address, link.Kind);
        At(Math.Max(Now + Delay(way.Choices), link.LastArrival), () => CloseEnd(other));
    }

    public void Transmit(SimulatedLink link, byte[] written)
    {
        byte[] frame = Rewrites?.Invoke(link.LocalAddress, written) ?? written;
        Direction way = Direction(link.LocalAddress, link.RemoteAddress, link.Kind);
        if (link.Traits.Reliable)
        {
            // In order; lost only if the remote process is killed or the link is cut before it arrives.
            link.LastArrival = Math.Max(link.LastArrival, Math.Max(Now + Delay(way.Choices), way.CutUntil));
            SimulatedLink other = link.Other!;
            Log?.Invoke(
                $"{Now} {link.LocalAddress}=>{link.RemoteAddress} {FrameText.Of(frame)}, arrives {link.LastArrival}"
            );
            if (link.LastArrival < long.MaxValue)
                At(link.LastArrival, () => Arrive(other, frame));
            return;
        }

        Capture(link.LocalAddress, link.RemoteNode, frame);
        if (
            Vanishes(link.LocalAddress, link.RemoteAddress)
            || frame.Length > Math.Min(LongestDatagram, way.LongestDatagram)
        )
            Log?.Invoke(
                $"{Now} {link.LocalAddress}->{link.RemoteAddress} loses {FrameText.Of(frame, Keys is not null)}"
            );
        else
            Transmit(link, way, frame);
    }

    private void Transmit(SimulatedLink link, Direction way, byte[] frame)
    {
        uint source = link.LocalAddress;
        uint target = link.RemoteAddress;
        if (Ways.TryGetValue((source, target), out DatagramWay? modelled))
        {
            modelled.Transmit(this, frame.Length, time => Arrive(time, [.. frame]));
            return;
        }

        long leaves = way.Leave(Now, frame.Length, QueueFrames, BytesPerMilli);
        if (leaves < 0 || Now < way.CutUntil || way.Choices.Chance(Loss))
        {
            Log?.Invoke($"{Now} {source}->{target} loses {FrameText.Of(frame, Keys is not null)}");
            return;
        }

        byte[] arrives = frame;
        if (Keys is not null)
            arrives = way.Choices.Chance(Damage) ? Damaged(way, frame) : frame;
        Deliver(arrives, leaves + (way.Choices.Chance(Lateness) ? MaxDelay : 0));
        if (way.Choices.Chance(Duplication))
            Deliver([.. frame], leaves);
        if (way.Choices.Chance(Ghosts))
            Deliver([.. frame], leaves + 1_000_000 + way.Choices.NextInt64(5_000_000));

        void Deliver(byte[] copy, long time)
        {
            time += way.Delay + Delay(way.Choices);
            Log?.Invoke($"{Now} {source}->{target} {FrameText.Of(copy, Keys is not null)}, arrives {time}");
            Arrive(time, copy);
        }

        void Arrive(long time, byte[] copy)
        {
            uint seen = SeenAt.GetValueOrDefault(source, source);
            At(
                time,
                () =>
                {
                    Arrives?.Invoke(target, copy);
                    FindSeen(target)?.ReceiveDatagram(seen, copy);
                }
            );
        }
    }

    private SimulatedNode? FindSeen(uint address)
    {
        foreach ((uint own, uint seen) in SeenAt)
        {
            if (seen == address)
                return Find(own);
        }

        return SeenAt.ContainsKey(address) ? null : Find(address);
    }

    private long Delay(ChoiceStream way) => MinDelay + way.Below(MaxDelay + 1 - MinDelay);

    private bool IsCut(uint from, uint to) =>
        Now < Direction(from, to, TransportKind.Socket).CutUntil
        || Now < Direction(to, from, TransportKind.Socket).CutUntil;

    private void Count(long time)
    {
        if (++Events > MostEvents)
            throw new SimulationException($"more than {MostEvents} events by {Now} us");
        _atOnce = time > Now ? 0 : _atOnce + 1;
        if (_atOnce > MostAtOnce)
            throw new SimulationException($"more than {MostAtOnce} events at {Now} us");
    }

    private byte[] Damaged(Direction way, byte[] frame)
    {
        byte[] damaged = [.. frame];
        damaged[way.Choices.Next(2, frame.Length)] ^= (byte)(1 << way.Choices.Next(8));
        Log?.Invoke("damages the next frame");
        return damaged;
    }

    private static void Arrive(SimulatedLink link, byte[] frame)
    {
        if (!link.IsClosed)
            link.Owner.Receive(link, frame);
    }

    private void CloseEnd(SimulatedLink link)
    {
        if (link.IsClosed)
            return;
        link.IsClosed = true;
        Log?.Invoke($"{Now} {link.Kind} link of {link.Owner.Address} to {link.RemoteAddress} closes");
        link.Owner.Links.Remove(link);
        link.Owner.OnLinkClosed(link);
    }
}
