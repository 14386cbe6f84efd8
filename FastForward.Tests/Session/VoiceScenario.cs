using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session;

/// <summary>What became of the voice of a scenario, after it had settled.</summary>
internal sealed record VoiceOutcome(long Sent, long Missing, long Late, long Extra, long Copied)
{
    public double MissingRatio => (double)Missing / Sent;
}

/// <summary>
/// Voice streams from node 1 to node 2 over simulated ways: a message of 55 bytes each 60 ms on each stream. Each seed
/// is checked for repeated, reordered and damaged messages.
/// </summary>
internal sealed class VoiceScenario(int budgetMillis)
{
    public const long Second = 1_000_000;
    private const long Period = 60_000;

    private readonly DelayHistogram _delays = new();

    public required Func<DatagramWay> Way { get; init; }

    public int Streams { get; init; } = 20;

    /// <summary>How long the path is measured before anything counts.</summary>
    public int Settling { get; init; } = 15;

    public int Seconds { get; init; } = 60;

    public int Seeds { get; init; } = 4;

    public RealTimeRedundancy Redundancy { get; init; }

    /// <summary>Without a key, whatever the seed: the test looks into the frames.</summary>
    public bool IsUnsealed { get; init; }

    /// <summary>Called when what counts begins.</summary>
    public Action<VoiceWorld>? Begun { get; init; }

    /// <summary>The quantile of the times from sending to delivery, in microseconds.</summary>
    public long Delay(int percent) => _delays.Quantile(percent);

    public VoiceOutcome Run()
    {
        VoiceOutcome sum = new(0, 0, 0, 0, 0);
        for (int seed = 0; seed < Seeds; seed++)
        {
            VoiceOutcome one = Run(seed);
            sum = new VoiceOutcome(
                sum.Sent + one.Sent,
                sum.Missing + one.Missing,
                sum.Late + one.Late,
                sum.Extra + one.Extra,
                sum.Copied + one.Copied
            );
        }

        TestContext.Out.WriteLine(
            $"{sum}, {sum.MissingRatio:P4} missing, {(double)sum.Extra / sum.Sent:P1} extra, delay p50 "
                + $"{_delays.Quantile(50)} p99 {_delays.Quantile(99)}"
        );
        return sum;
    }

    private VoiceOutcome Run(int seed)
    {
        SimulatedNetwork network = IsUnsealed ? new(seed) { Keys = null } : new(seed);
        network.Ways[(1, 2)] = Way();
        network.Ways[(2, 1)] = Way();
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            options => options with { RealTimeRedundancy = Redundancy }
        );
        VoiceWorld world = new(network, a, b);
        Dictionary<(ulong, ulong), long> sent = [];
        b.Recorder.OnMessage = (_, stream, _) =>
        {
            if (sent.Remove((stream, b.Recorder.Messages[^1].Sequence), out long at))
                _delays.Add(network.Now - at);
        };
        Talk(world, Settling * Second, null);
        VoiceOutcome before = Read(world);
        Begun?.Invoke(world);
        Talk(world, Seconds * Second, sent);
        network.Run(network.Now + Second);
        Assert.That(
            network.RunUntil(() => a.Peer(2).Association.Sender.StoredBytes == 0, 60 * Second),
            Is.True,
            "nothing remains to be sent"
        );
        VoiceOutcome after = Read(world);
        Report(seed, world);
        Ledger.Check($"seed {seed}", [a.Journal, b.Journal]);
        return new VoiceOutcome(
            after.Sent - before.Sent,
            after.Missing - before.Missing,
            after.Late - before.Late,
            after.Extra - before.Extra,
            after.Copied - before.Copied
        );
    }

    private static VoiceOutcome Read(VoiceWorld world) =>
        new(
            world.Voice,
            world.B.Statistics.SkippedMessages,
            world.B.Statistics.LateMessages,
            world.A.Statistics.RepeatedMessages + world.A.Statistics.CopiedMessages,
            world.A.Statistics.CopiedMessages
        );

    private static void Report(int seed, VoiceWorld world)
    {
        CopyPolicy policy = world.A.Peer(2).Association.Sender.CopyPolicy;
        NodeStatistics sent = world.A.Statistics;
        NodeStatistics at = world.B.Statistics;
        DelayHistogram holds = world.B.Peer(1).Association.Receiver.HoldTimes;
        TestContext.Out.WriteLine(
            $"seed {seed}: {policy.Reason} {policy.Copies} copies after {policy.Delay} us, {policy.Quality}\n"
                + $"  repeated {sent.RepeatedMessages}, copied {sent.CopiedMessages}, given up {sent.LostMessages}; "
                + $"held {at.HeldMessages} p50 {holds.Quantile(50)} p99 {holds.Quantile(99)}, filled {at.FilledGaps}, "
                + $"saved {at.SavedMessages}, late {at.LateMessages}, duplicates {at.DuplicateMessages}; "
                + $"datagrams {world.Forth.Datagrams} bytes {world.Forth.Bytes}, "
                + $"steps {world.B.Peer(1).SendPath?.Figures?.Transits.Steps}"
        );
    }

    private void Talk(VoiceWorld world, long time, Dictionary<(ulong, ulong), long>? sent)
    {
        SimulatedNetwork network = world.Network;
        long begin = network.Now;
        for (int stream = 0; stream < Streams; stream++)
        {
            ulong id = (ulong)stream;
            for (long at = network.Random.NextInt64(Period); at < time; at += Period)
                network.At(begin + at, () => Send(world, id, sent));
        }

        network.Run(begin + time);
    }

    private void Send(VoiceWorld world, ulong id, Dictionary<(ulong, ulong), long>? sent)
    {
        long now = world.Network.Now;
        world.Voice++;
        SendResult result = world.A.Journal.Send(
            2,
            id,
            MessageClass.RealTime,
            55,
            payload =>
                world
                    .A.Peer(2)
                    .Send(now, id, MessageClass.RealTime, payload, end: false, realTimeBudget: budgetMillis * 1_000)
        );
        sent?.Add((id, result.Sequence), now);
        world.A.QueuePump();
    }
}

/// <summary>The two nodes of a scenario, and the way between them.</summary>
internal sealed class VoiceWorld(SimulatedNetwork network, SimulatedNode a, SimulatedNode b)
{
    public SimulatedNetwork Network => network;

    public SimulatedNode A => a;

    public SimulatedNode B => b;

    public DatagramWay Forth => network.Ways[(1, 2)];

    public DatagramWay Back => network.Ways[(2, 1)];

    /// <summary>Voice messages that were sent.</summary>
    public long Voice { get; set; }
}
