using FastForward.Tests.Session;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Simulation;

/// <summary>Seeded, recorded, replayed, enumerated and shrunk decisions.</summary>
[TestFixture]
public sealed class ChoicesTests
{
    [Test]
    public void A_recorded_world_is_replayed_exactly_and_other_streams_do_not_change_it()
    {
        RecordedChoices recorded = new(new SeededChoices(7));
        WorldResult world = TinyWorld.Run(recorded);
        Assert.That(TinyWorld.Run(new SeededChoices(7)).Hash, Is.EqualTo(world.Hash));
        Assert.That(TinyWorld.Run(new ReplayedChoices(recorded.Trace)).Hash, Is.EqualTo(world.Hash));
        Assert.That(TinyWorld.Run(new SeededChoices(8)).Hash, Is.Not.EqualTo(world.Hash));
        SeededChoices choices = new(7);
        long first = choices.Below(new ChoicePoint("a", 3), 1_000_000);
        choices.Below(new ChoicePoint("b", 0), 1_000_000);
        Assert.That(choices.Below(new ChoicePoint("a", 3), 1_000_000), Is.EqualTo(first));
    }

    [Test]
    public void Chances_are_enumerated_up_to_a_number_of_faults()
    {
        EnumeratedChoices choices = new(2);
        List<string> worlds = [];
        do
        {
            ChoiceStream stream = new(choices, "");
            worlds.Add(string.Concat(Enumerable.Range(0, 4).Select(_ => stream.Chance(0.1) ? '1' : '0')));
        } while (choices.Advance());
        Assert.That(worlds, Is.Unique);
        Assert.That(worlds, Has.Count.EqualTo(1 + 4 + 6), "none, one or two of four");
    }

    [Test]
    public void A_trace_shrinks_to_the_decisions_that_matter()
    {
        List<(ChoicePoint Point, long Value)> trace =
        [
            .. Enumerable.Range(0, 100).Select(static i => (new ChoicePoint("a", i), (long)i + 1)),
        ];
        List<(ChoicePoint Point, long Value)> kept = Shrinker.Shrink(
            trace,
            static trace =>
                trace.Exists(static one => one.Point.Index == 20)
                && trace.Exists(static one => one.Point.Index == 70 && one.Value >= 10),
            1_000
        );
        Assert.That(kept.Select(static one => one.Point.Index), Is.EqualTo(new[] { 20, 70 }));
        Assert.That(kept[1].Value, Is.InRange(10, 19), "halved while it is enough");
    }

    /// <summary>
    /// Two nodes and a few messages of both classes over datagrams, with every combination of up to two frames that
    /// are lost, doubled or late.
    /// </summary>
    [Test]
    public void No_two_faults_harm_a_conversation()
    {
        EnumeratedChoices choices = new(2);
        int worlds = 0;
        do
        {
            Converse(choices, ++worlds);
        } while (choices.Advance());
        TestContext.Out.WriteLine($"{worlds} worlds");
        Assert.That(worlds, Is.GreaterThan(1_000));
    }

    private static void Converse(EnumeratedChoices choices, int world)
    {
        WireModel model = new();
        SimulatedNetwork network = new(choices)
        {
            MinDelay = 10_000,
            MaxDelay = 10_000,
            Loss = 0.1,
            Duplication = 0.1,
            Lateness = 0.1,
            MostEvents = 100_000,
            Model = model,
        };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Ip);
        network.At(2_000_000, () => a.SendNumbered(2, 1, MessageClass.Reliable, 2_000));
        network.At(2_005_000, () => a.SendNumbered(2, 1, MessageClass.Reliable, 8, end: true));
        network.At(2_005_000, () => b.SendNumbered(1, 1, MessageClass.RealTime, 8, end: true));
        network.At(2_005_000, () => a.ResetStream(2, 1, 7));
        network.At(2_010_000, () => b.SendNumbered(1, 2, MessageClass.Reliable, 8, end: true));
        network.Run(1_900_000);
        // The handshake and the first probes are another conversation.
        network.Run(9_000_000);
        string text = $"world {world}";
        Assert.That(model.Violation, Is.Null, text);
        Assert.That(a.Peer(2).State, Is.EqualTo(PeerState.Connected), text);
        foreach ((SimulatedNode from, SimulatedNode to) in new[] { (a, b), (b, a) })
        {
            Sender sender = from.Peer(to.Id).Association.Sender;
            Assert.That(sender.Unacknowledged + sender.StoredBytes, Is.Zero, text);
            foreach ((_, ulong stream, _, _) in from.Ended)
                Assert.That(to.Recorder.Ends.Exists(end => end.Stream == stream), Is.True, text);
        }

        Traffic.Ledger.Check(text, [a.Journal, b.Journal]);
    }
}
