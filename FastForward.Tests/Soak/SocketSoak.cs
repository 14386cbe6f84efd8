using FastForward.Tests.Node;
using FastForward.Transport;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Tests.Soak;

/// <summary>Two nodes over loopback UDP, both impaired, that send to each other.</summary>
internal sealed class SocketSoak : IDisposable
{
    private const int Scale = 5;
    private const long Second = 1_000_000;
    private const long Interval = 5 * Second;
    private const int MaxStreams = 64; // of four times as many ended ones is remembered that they have ended

    /// <summary>Seconds after which so many streams have ended that no more are remembered.</summary>
    public const long WarmUp = 20;

    private readonly NodeWorld _world = new();
    private readonly TestNode[] _nodes;
    private readonly SoakTraffic[] _traffic;
    private long _realTimeArrived;
    private long _reliableArrived;
    private long _endsReported;
    private long _beside;

    public SocketSoak(ulong seed)
    {
        ImpairmentOptions bad = ImpairmentOptions.BadWan with
        {
            Delay = TimeSpan.FromMilliseconds(5),
            Jitter = TimeSpan.FromMilliseconds(15),
            ReorderPercent = 1,
            Seed = seed,
        };
        _nodes = [Start(1), Start(2)];
        _nodes[0].Route(_nodes[1], TransportKind.Ip);
        _nodes[1].Route(_nodes[0], TransportKind.Ip);
        _traffic = [Traffic(_nodes[0], 2), Traffic(_nodes[1], 1)];

        TestNode Start(uint id)
        {
            TestNode node = _world.Start(
                id,
                options =>
                {
                    options.Impairment = bad;
                    options.MaxStreams = MaxStreams;
                },
                vsockets: false
            );
            node.OnReceived = OnReceived;
            return node;
        }
    }

    /// <param name="seconds">How long.</param>
    /// <param name="print">Gets the lines.</param>
    public void Run(long seconds, Action<string> print)
    {
        _world.Until(() => _nodes[0].IsConnectedTo(_nodes[1]) && _nodes[1].IsConnectedTo(_nodes[0]), "connected");
        long began = _world.Loop.NowMicros;
        long allocated = GC.GetTotalAllocatedBytes(precise: true);
        for (long at = Interval; at <= seconds * Second; at += Interval)
        {
            foreach (SoakTraffic traffic in _traffic)
            {
                traffic.IsHurried = at <= WarmUp * Second;
                traffic.EndsStreams = at <= EndingUntil(seconds) * Second;
            }

            while (_world.Loop.NowMicros < began + at)
                Step();
            long before = GC.GetTotalAllocatedBytes(precise: true);
            print($"{Sample(at / Second, before - allocated - _beside)}");
            _beside += GC.GetTotalAllocatedBytes(precise: true) - before;
        }

        _world.Until(IsOver, "everything is acknowledged");
        NodeStatistics[] statistics = [.. _nodes.Select(static node => node.Node.Statistics)];
        SoakEnd end = new(
            Reliable,
            _reliableArrived,
            RealTime,
            _realTimeArrived,
            statistics.Sum(static node => node.LateMessages),
            statistics.Sum(static node => node.SkippedMessages),
            Ended,
            _endsReported,
            _nodes.Sum(static node => node.Node.Impairment!.Lost)
        );
        print(end.ToLine());
    }

    /// <summary>Seconds after which no stream ends and none begins.</summary>
    public static long EndingUntil(long seconds) => seconds - 15;

    public void Dispose() => _world.Dispose();

    private long Reliable => _traffic.Sum(static one => one.ReliableSent);

    private long RealTime => _traffic.Sum(static one => one.RealTimeSent);

    private long Ended => _traffic.Sum(static one => one.Ended);

    private static SoakTraffic Traffic(TestNode node, uint to) =>
        new(
            Scale,
            (stream, messageClass, payload, end) =>
                node.Node.Send(to, stream, messageClass, payload, end ? SendOptions.End : SendOptions.None).IsAccepted
        );

    // All have arrived, and the ends that were sent last are reported.
    private bool IsOver()
    {
        CountEnds();
        return Stored() == 0 && _reliableArrived == Reliable && _endsReported == Ended;
    }

    private void CountEnds()
    {
        foreach (TestNode node in _nodes)
        {
            _endsReported += node.Ends.Count;
            node.Ends.Clear();
            node.WritableStreams.Clear();
        }
    }

    private void Step()
    {
        foreach (SoakTraffic traffic in _traffic)
            traffic.Step(_world.Loop.NowMicros);
        CountEnds();
        if (_world.Loop.DoWork() == 0)
            _world.Loop.Sleep(2_000);
    }

    private void OnReceived(in ReceivedMessage message)
    {
        if (message.Class == MessageClass.RealTime)
            _realTimeArrived++;
        else
            _reliableArrived++;
    }

    private long Stored() =>
        _nodes.Sum(static node => node.Node.GetPeer(node.Id == 1 ? 2u : 1u)?.UnacknowledgedBytes ?? 0);

    private SoakSample Sample(long seconds, long allocated) =>
        new(seconds, Reliable + RealTime, Ended, allocated, SoakRun.MeasureHeap(), Stored(), Environment.WorkingSet);
}
