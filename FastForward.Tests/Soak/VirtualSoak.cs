using FastForward.Tests.Session;
using FastForward.Transport;

namespace FastForward.Tests.Soak;

/// <summary>Two sessions in virtual time, over ways like a bad WAN, that send to each other for hours.</summary>
internal sealed class VirtualSoak
{
    private const int Scale = 1;
    private const long Second = 1_000_000;
    private const long LongestInterval = 300;

    private readonly SimulatedNetwork _network;
    private readonly SimulatedNode[] _nodes;
    private readonly SoakTraffic[] _traffic;
    private long _reliableArrived;
    private long _realTimeArrived;
    private long _endsReported;

    public VirtualSoak(ulong seed)
    {
        _network = new SimulatedNetwork((int)seed) { MostEvents = long.MaxValue };
        (SimulatedNode a, SimulatedNode b) = _network.StartPair(
            TransportKind.Ip,
            static options => options with { MaxStreams = 64, RealTimeBudget = 5 * Second }
        );
        _network.Ways[(1, 2)] = NetworkProfile.BadWan;
        _network.Ways[(2, 1)] = NetworkProfile.BadWan;
        _nodes = [a, b];
        _traffic = [Traffic(a, 2), Traffic(b, 1)];
    }

    /// <param name="seconds">How long, in virtual time.</param>
    /// <param name="print">Gets the lines.</param>
    public void Run(long seconds, Action<string> print)
    {
        long start = _network.Now;
        long samples = Math.Max(seconds / LongestInterval, 12);
        for (long i = 1; i <= samples; i++)
        {
            long end = start + (seconds * i / samples * Second);
            while (_network.Now < end)
                Step();
            print($"{Sample((end - start) / Second)}");
        }

        for (int i = 0; i < 30 && (Stored() > 0 || _endsReported < Ended); i++)
        {
            _network.Run(_network.Now + Second);
            Forget();
        }

        SoakEnd soak = new(
            Reliable,
            _reliableArrived,
            RealTime,
            _realTimeArrived,
            _nodes.Sum(static node => node.Statistics.LateMessages),
            _nodes.Sum(static node => node.Statistics.SkippedMessages),
            Ended,
            _endsReported,
            _network.Ways.Values.Sum(static way => way.Lost)
        );
        print(soak.ToLine());
    }

    private long Reliable => _traffic.Sum(static one => one.ReliableSent);

    private long RealTime => _traffic.Sum(static one => one.RealTimeSent);

    private long Ended => _traffic.Sum(static one => one.Ended);

    private static SoakTraffic Traffic(SimulatedNode node, uint to) =>
        new(
            Scale,
            (stream, messageClass, payload, end) => node.Send(to, stream, messageClass, payload, end).IsAccepted
        );

    private void Step()
    {
        foreach (SoakTraffic traffic in _traffic)
            traffic.Step(_network.Now);
        _network.Run(Math.Max(_traffic.Min(static one => one.Due), _network.Now + 1));
        Forget();
    }

    private void Forget()
    {
        foreach (SimulatedNode node in _nodes)
        {
            foreach ((_, _, _, _, byte[] payload) in node.Recorder.Messages)
            {
                if (payload.Length == SoakTraffic.VoiceSize)
                    _realTimeArrived++;
                else
                    _reliableArrived++;
            }

            _endsReported += node.Recorder.Ends.Count;
            node.Forget();
        }
    }

    private long Stored() =>
        _nodes.Sum(static node => node.Peer(node.Id == 1 ? 2u : 1u).Association.Sender.StoredBytes);

    private SoakSample Sample(long seconds) =>
        new(
            seconds,
            Reliable + RealTime,
            Ended,
            0, // the simulation allocates
            SoakRun.MeasureHeap(),
            Stored(),
            Environment.WorkingSet
        );
}
