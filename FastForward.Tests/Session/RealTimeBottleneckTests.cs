using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>Voice through a bottleneck: copies and repetitions must not make it worse.</summary>
[TestFixture]
public sealed class RealTimeBottleneckTests
{
    private const long Second = VoiceScenario.Second;

    // What 20 streams send per second: each message in a frame of its own, with all headers.
    private const double Fresh = 20 / 0.06 * (55 + 20 + 20 + 28);

    [Test]
    public void Where_a_fifth_does_not_fit_nothing_more_is_sent_and_nothing_is_missing_after_it_fits_again()
    {
        List<long> bytes = [];
        long missing = -1;
        VoiceScenario voice = new(120)
        {
            Way = static () =>
                new DatagramWay
                {
                    Delay = 20_000,
                    Jitter = 2_000,
                    QueueBytes = 4_000,
                },
            Settling = 10,
            Seconds = 60,
            Seeds = 1,
            IsUnsealed = true, // bytes are counted
            Begun = world =>
            {
                long begin = world.Network.Now;
                world.Forth.BytesPerSecond = 0.8 * Fresh;
                world.Network.At(begin + (40 * Second), () => world.Forth.BytesPerSecond = 0);
                world.Network.At(begin + (42 * Second), () => missing = world.B.Statistics.SkippedMessages);
                for (int second = 0; second <= 60; second++)
                    world.Network.At(begin + (second * Second), () => bytes.Add(world.Forth.Bytes));
            },
        };
        VoiceOutcome outcome = voice.Run();
        long[] perSecond = [.. bytes.Zip(bytes.Skip(1), static (before, after) => after - before)];
        TestContext.Out.WriteLine($"fresh {Fresh:F0}, sent per second {string.Join(' ', perSecond)}");
        TestContext.Out.WriteLine($"missing until 2 s after: {missing}, at last {outcome.Missing}");
        Assert.That(
            perSecond.Max(),
            Is.LessThanOrEqualTo((long)(1.1 * Fresh) + 1_500),
            "and one probe with its length"
        );
        Assert.That(outcome.Missing, Is.EqualTo(missing), "nothing is missing after two seconds of relief");
        Assert.That(missing, Is.GreaterThan(outcome.Sent / 10), "a fifth did not fit for two thirds of the time");
    }

    // A large queue in the network delays voice, too: that is reported. But nothing of it may be lost.
    [TestCase(10_000)]
    [TestCase(64_000)]
    public void Bulk_beside_voice(int queue)
    {
        VoiceScenario voice = new(120)
        {
            Way = () =>
                new DatagramWay
                {
                    Delay = 20_000,
                    BytesPerSecond = 250_000,
                    QueueBytes = queue,
                },
            Settling = 5,
            Seconds = 20,
            Seeds = 1,
            Begun = static world =>
            {
                for (int i = 0; i < 200; i++)
                {
                    ulong stream = 1_000ul + (ulong)(i % 10);
                    world.Network.At(
                        world.Network.Now + (i * Second / 10),
                        () => world.A.SendNumbered(2, stream, MessageClass.Reliable, 65_000)
                    );
                }
            },
        };
        VoiceOutcome outcome = voice.Run();
        TestContext.Out.WriteLine(
            $"queue {queue}: delay p50 {voice.Delay(50)} p99 {voice.Delay(99)}, missing {outcome.Missing}"
        );
        Assert.That(outcome.Sent, Is.Positive);
    }

    [Test]
    public void Important_messages_arrive_once_where_others_are_lost()
    {
        const int Calls = 500;
        SimulatedNetwork network = new(1);
        network.Ways[(1, 2)] = new DatagramWay { Delay = 30_000, Jitter = 10_000 };
        network.Ways[(2, 1)] = new DatagramWay { Delay = 30_000, Jitter = 10_000 };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            static options => options with { RealTimeRedundancy = RealTimeRedundancy.Off }
        );
        network.Ways[(1, 2)].Loss = 0.1;
        for (ulong call = 0; call < Calls; call++)
        {
            for (int place = 0; place < 5; place++)
            {
                ulong stream = call;
                bool end = place == 4;
                bool isImportant = place == 0 || end;
                network.At(
                    network.Now + ((long)call * 20_000) + (place * 60_000),
                    () => Send(network, a, stream, end, isImportant)
                );
            }
        }

        network.Run(network.Now + (20 * Second));
        Ledger.Check("calls", [a.Journal, b.Journal]);
        int important = b.Recorder.Messages.Count(static message => message.Sequence is 0 or 4);
        int others = b.Recorder.Messages.Count - important;
        TestContext.Out.WriteLine($"{important} of {2 * Calls} important ones, {others} of {3 * Calls} others arrived");
        double lostImportant = 1 - (important / (2.0 * Calls));
        double lostOthers = 1 - (others / (3.0 * Calls));
        Assert.That(lostImportant, Is.LessThan(lostOthers / 4));
        Assert.That(b.Recorder.Ends, Has.Count.EqualTo(Calls), "an end is never lost");
    }

    private static void Send(SimulatedNetwork network, SimulatedNode a, ulong stream, bool end, bool isImportant)
    {
        a.Journal.Send(
            2,
            stream,
            MessageClass.RealTime,
            55,
            payload =>
                a.Peer(2)
                    .Send(
                        network.Now,
                        stream,
                        MessageClass.RealTime,
                        payload,
                        end,
                        isImportant,
                        realTimeBudget: 120_000
                    )
        );
        a.QueuePump();
    }
}
