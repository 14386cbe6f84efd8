using System.Diagnostics;
using FastForward.Tests.Node;
using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Tests.Impairment;

/// <summary>
/// Real nodes over loopback UDP, both impaired: several pairs at once, one per seed, with real-time streams whose
/// budget is 5 s and reliable streams.
/// </summary>
[Parallelizable(ParallelScope.All)]
public sealed class ImpairedNodeTests
{
    private const int Streams = 8;
    private const int RealTimeMessages = 40 * Streams;
    private const int LongMessages = 2;
    private const int Longest = 64 << 10;
    private const long PaceMicros = 60_000 / Streams; // each stream has a phase of its own

    private static readonly uint s_run = (uint)Environment.TickCount;

    [TestCase("bad-wan")]
    [TestCase("loss=8%, burst=3, delay=20ms, jitter=40ms, duplicate=3%, reorder=5%, outage=40ms/1s")]
    public void Nothing_is_lost_without_a_report_repeated_or_out_of_order(string settings)
    {
        Assert.That(ImpairmentOptions.TryParse(settings, out ImpairmentOptions? options, out string? problem), problem);
        using NodeWorld world = new();
        ulong[] seeds = [1, 2, 3, s_run];
        Pair[] pairs = [.. seeds.Select((seed, i) => new Pair(world, (uint)i, options! with { Seed = seed }))];
        long began = Stopwatch.GetTimestamp();
        world.Until(() => pairs.All(static pair => pair.IsConnected), $"all connected, {settings}");
        TestContext.Progress.WriteLine($"connected after {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        world.Until(
            () => pairs.Aggregate(true, static (all, pair) => pair.Step() && all),
            $"all sent and delivered, {settings}"
        );
        TestContext.Progress.WriteLine($"{settings}: {Stopwatch.GetElapsedTime(began).TotalSeconds:F1} s");
        foreach (Pair pair in pairs)
            pair.Check();
        Assert.That(pairs.Sum(static pair => pair.FramesLost), Is.Positive, "the network was bad");
    }

    /// <summary>Two nodes, of which the first sends.</summary>
    private sealed class Pair
    {
        private readonly ImpairmentOptions _options;
        private readonly NodeWorld _world;
        private readonly TestNode _near;
        private readonly TestNode _far;
        private readonly MemoryJournal _sent;
        private readonly MemoryJournal _received;
        private int _realTimeSent;
        private int _short;
        private long _doneAt;
        private int _long;
        private long _due;
        private int _realTimeArrived;
        private int _reliableArrived;

        public Pair(NodeWorld world, uint number, ImpairmentOptions options)
        {
            _options = options;
            _world = world;
            _near = Start((2 * number) + 101);
            _far = Start((2 * number) + 102);
            _sent = new MemoryJournal((int)(2 * number), _near.Id);
            _received = new MemoryJournal((int)(2 * number) + 1, _far.Id);
            _near.Route(_far, TransportKind.Ip);
            _far.Route(_near, TransportKind.Ip);
            _far.OnReceived = OnReceived;

            TestNode Start(uint id) => world.Start(id, node => node.Impairment = options, vsockets: false);
        }

        public long FramesLost => _near.Node.Impairment!.Lost;

        public bool IsConnected => _near.IsConnectedTo(_far) && _far.IsConnectedTo(_near);

        /// <summary>Sends what is due.</summary>
        /// <returns>Whether all is sent, and all reliable messages have arrived.</returns>
        public bool Step()
        {
            if (_long < LongMessages && Send(200, MessageClass.Reliable, Longest - _long))
                _long++;
            if (_realTimeSent < RealTimeMessages && _world.Loop.NowMicros >= _due)
            {
                _due = _world.Loop.NowMicros + PaceMicros;
                ulong stream = (ulong)(_realTimeSent++ % Streams);
                Assert.That(Send(stream + 1, MessageClass.RealTime, 55), _options.ToString());
                if (stream == 0 && Send(100, MessageClass.Reliable, 300))
                    _short++;
            }

            bool isDone =
                _realTimeSent == RealTimeMessages && _long == LongMessages && _reliableArrived == _long + _short;
            if (isDone && _doneAt == 0)
                _doneAt = _world.Loop.NowMicros;
            return isDone;
        }

        public void Check()
        {
            Ledger ledger = Ledger.Check(_options.ToString(), [_sent, _received]);
            ImpairmentStatistics impairment = _near.Node.Impairment!;
            NodeStatistics statistics = _far.Node.Statistics;
            TestContext.Progress.WriteLine(
                $"seed {_options.Seed}: {ledger}; of {impairment.Frames} frames {impairment.Lost} lost, "
                    + $"{impairment.LostInOutages} in outages, {impairment.Duplicated} twice; real-time: "
                    + $"{RealTimeMessages} accepted, {_realTimeArrived} delivered, {statistics.LateMessages} "
                    + $"late, {_near.Node.Statistics.RepeatedMessages} sent again, "
                    + $"{_near.Node.Statistics.CopiedMessages} copied; done at {_doneAt / 1000} ms"
            );
            Assert.That(statistics.LateMessages, Is.Zero, "at a budget of 5 s nothing is late");
            Assert.That(_near.Reports, Is.Empty, "every message left in time");
            Assert.That(_near.Changes.Concat(_far.Changes), Has.None.Matches<PeerEvent>(IsLoss));
            Assert.That(impairment.Overflowed, Is.Zero);

            static bool IsLoss(PeerEvent change) => change.Kind is PeerEventKind.Lost or PeerEventKind.Restarted;
        }

        private bool Send(ulong stream, MessageClass messageClass, int size) =>
            _sent
                .Send(
                    _far.Id,
                    stream,
                    messageClass,
                    size,
                    payload => _near.Node.Send(_far.Id, stream, messageClass, payload)
                )
                .IsAccepted;

        private void OnReceived(in ReceivedMessage message)
        {
            _received.Received(message);
            if (message.Class == MessageClass.RealTime)
                _realTimeArrived++;
            else
                _reliableArrived++;
        }
    }
}
