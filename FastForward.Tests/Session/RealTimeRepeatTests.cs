using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>Real-time messages that a path loses are sent again while their budget lasts.</summary>
[TestFixture]
public sealed class RealTimeRepeatTests
{
    private const long Second = 1_000_000;
    private const int Streams = 20;
    private const int Messages = 500;

    [Test]
    public void Voice_streams_lose_next_to_nothing_where_a_repetition_can_still_arrive()
    {
        long skipped = 0;
        long repeated = 0;
        long lost = 0;
        for (int seed = 0; seed < 5; seed++)
        {
            SimulatedNetwork network = new(seed) { MinDelay = 10_000, MaxDelay = 12_000 };
            (SimulatedNode a, SimulatedNode b) = Talk(network, loss: 0.01);
            skipped += b.Statistics.SkippedMessages;
            repeated += a.Statistics.RepeatedMessages;
            lost += a.Statistics.LostMessages;
            Ledger.Check($"seed {seed}", [a.Journal, b.Journal]);
        }

        const double All = 5 * Streams * Messages;
        TestContext.Out.WriteLine($"{skipped} of {All} not delivered, {repeated} sent again, {lost} given up");
        Assert.That(repeated, Is.GreaterThan(All * 0.008), "about one in a hundred frames is lost");
        Assert.That(skipped, Is.LessThan(All * 0.0005));
    }

    [Test]
    public void On_a_clean_path_nothing_is_sent_again()
    {
        SimulatedNetwork network = new(1) { MinDelay = 10_000, MaxDelay = 15_000 };
        (SimulatedNode a, SimulatedNode b) = Talk(network, loss: 0);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(Streams * Messages));
        Assert.That(a.Statistics.RepeatedMessages, Is.LessThan(Streams * Messages / 1000));
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero, "what has arrived is forgotten");
    }

    [Test]
    public void Where_most_is_lost_no_more_than_a_tenth_is_sent_again()
    {
        SimulatedNetwork network = new(1) { MinDelay = 10_000, MaxDelay = 12_000 };
        (SimulatedNode a, _) = Talk(network, loss: 0.4, RealTimeRedundancy.Off);
        // What is on its way when another path takes over is not counted against the tenth.
        int moves = a.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.PathChanged);
        Assert.That(a.Statistics.RepeatedMessages, Is.InRange(1, (Streams * Messages / 10) + 100 + (moves * 40)));
        Assert.That(a.Statistics.LostMessages, Is.Positive);
    }

    [TestCase(false)]
    [TestCase(true)]
    public void The_end_of_a_stream_is_sent_until_it_arrives(bool reset)
    {
        for (int seed = 0; seed < 50; seed++)
        {
            SimulatedNetwork network = new(seed);
            (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
            a.Send(2, 1, MessageClass.RealTime, "x"u8);
            network.Run(network.Now + Second);
            network.Vanishes = static (from, _) => from == 1;
            if (reset)
                a.ResetStream(2, 1, 7);
            else
                a.Send(2, 1, MessageClass.RealTime, "y"u8, end: true);
            network.Run(network.Now + Second); // longer than its budget
            network.Vanishes = static (_, _) => false;
            Assert.That(
                network.RunUntil(() => b.Recorder.Ends.Count == 1, 5 * Second),
                Is.True,
                $"seed {seed}: the end arrives"
            );
            network.Run(network.Now + Second);
            Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero, $"seed {seed}");
        }
    }

    private static (SimulatedNode A, SimulatedNode B) Talk(
        SimulatedNetwork network,
        double loss,
        RealTimeRedundancy redundancy = RealTimeRedundancy.Auto
    )
    {
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            options => options with { RealTimeRedundancy = redundancy }
        );
        network.Loss = loss;
        for (int stream = 0; stream < Streams; stream++)
        {
            ulong id = (ulong)stream;
            long phase = network.Random.NextInt64(60_000);
            for (int i = 0; i < Messages; i++)
                network.At(network.Now + phase + (i * 60_000), () => a.SendNumbered(2, id, MessageClass.RealTime, 55));
        }

        network.Run(network.Now + (Messages * 60_000) + Second);
        network.Loss = 0;
        network.Run(network.Now + (5 * Second));
        return (a, b);
    }
}
