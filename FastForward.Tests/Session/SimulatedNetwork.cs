using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>
/// Simulated nodes, links and clock: the session layer runs on it as on real media, and a seed reproduces a run
/// exactly.
/// </summary>
internal sealed class SimulatedNetwork(int seed)
{
    private readonly PriorityQueue<Action, (long Time, long Order)> _events = new();
    private readonly Dictionary<uint, SimulatedNode> _nodes = [];
    private long _order;
    private uint _nextIndex = 1;
    private int _nextProcess;

    public Random Random { get; } = new(seed);

    public long Now { get; private set; }

    public double Loss { get; set; }

    public double Duplication { get; set; }

    public long MaxDelay { get; set; } = 1_000;

    public long MinDelay { get; set; } = 1;

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

    /// <summary>Whether a datagram from one address to another is lost.</summary>
    public Func<uint, uint, bool> Vanishes { get; set; } = static (_, _) => false;

    /// <summary>What happens to the datagrams from one address to another, where that is simulated in detail.</summary>
    public Dictionary<(uint From, uint To), DatagramWay> Ways { get; } = [];

    /// <summary>Called with each datagram that is sent from one address to another, lost or not.</summary>
    public Action<uint, uint, byte[]> Capture { get; set; } = static (_, _, _) => { };

    /// <summary>Sees, and may change, each datagram that arrives at an address.</summary>
    public Action<uint, byte[]>? Arrives { get; set; }

    /// <summary>Longer datagrams are lost, as where the MTU is small.</summary>
    public int LongestDatagram { get; set; } = int.MaxValue;

    public SimulatedNode Start(uint id, params uint[] routes) => StartAt(id, id, null, routes);

    /// <summary>Starts a process at a given address; peers look for a node at the address equal to its id.</summary>
    public SimulatedNode StartAt(
        uint address,
        uint id,
        Func<SessionOptions, SessionOptions>? configure,
        params uint[] routes
    )
    {
        SessionOptions options = new() { Node = id, Incarnation = (ulong)Random.NextInt64(1, long.MaxValue) };
        SimulatedNode node = new(this, address, configure?.Invoke(options) ?? options, routes);
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

    public SimulatedNode? Find(uint address) => _nodes.GetValueOrDefault(address);

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

    public int NewProcess() => _nextProcess++;

    public void At(long time, Action action) => _events.Enqueue(action, (Math.Max(time, Now), _order++));

    public void Run(long until)
    {
        while (_events.TryPeek(out _, out (long Time, long Order) due) && due.Time <= until)
        {
            Action action = _events.Dequeue();
            Now = Math.Max(Now, due.Time);
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

    /// <summary>Opens a connection; refused if no process runs at the address.</summary>
    public void Connect(SimulatedNode from, uint to, Action<SimulatedLink?> done) =>
        At(
            Now + Delay(),
            () =>
            {
                if (from.IsDead)
                    return;
                SimulatedNode? target = Find(to);
                if (target is null)
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
        if (link.Other is { } other)
            At(Math.Max(Now + Delay(), link.LastArrival), () => CloseEnd(other));
    }

    public void Transmit(SimulatedLink link, byte[] frame)
    {
        if (link.Traits.Reliable)
        {
            // In order; lost only if the remote process is killed or the link is cut before it arrives.
            link.LastArrival = Math.Max(link.LastArrival, Now + Delay());
            SimulatedLink other = link.Other!;
            At(
                link.LastArrival,
                () =>
                {
                    if (!other.IsClosed)
                        other.Owner.Receive(other, frame);
                }
            );
            return;
        }

        Capture(link.Owner.Address, link.RemoteNode, frame);
        if (Vanishes(link.Owner.Address, link.RemoteNode) || frame.Length > LongestDatagram)
            return;
        uint source = link.Owner.Address;
        if (Ways.TryGetValue((source, link.RemoteNode), out DatagramWay? way))
        {
            way.Transmit(this, frame.Length, at => Deliver(at));
            return;
        }

        int copies =
            Random.NextDouble() < Loss ? 0
            : Random.NextDouble() < Duplication ? 2
            : 1;
        for (int i = 0; i < copies; i++)
            Deliver(Now + Delay());

        void Deliver(long at)
        {
            byte[] copy = [.. frame];
            At(
                at,
                () =>
                {
                    Arrives?.Invoke(link.RemoteNode, copy);
                    Find(link.RemoteNode)?.ReceiveDatagram(source, copy);
                }
            );
        }
    }

    public long Delay() => Random.NextInt64(MinDelay, MaxDelay + 1);

    private static void CloseEnd(SimulatedLink link)
    {
        if (link.IsClosed)
            return;
        link.IsClosed = true;
        link.Owner.Links.Remove(link);
        link.Owner.OnLinkClosed(link);
    }
}
