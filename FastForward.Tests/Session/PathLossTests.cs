using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Two networks between two nodes, twenty voice streams, and one of the networks falls silent.</summary>
[TestFixture]
public sealed class PathLossTests
{
    private const long Second = 1_000_000;
    private const int Streams = 20;
    private const int Seeds = 20;

    [TestCase(PathRedundancy.Always, 20_000, 0)]
    [TestCase(PathRedundancy.Always, 60_000, 0)]
    [TestCase(PathRedundancy.WhenDoubtful, 20_000, Streams)]
    [TestCase(PathRedundancy.WhenDoubtful, 60_000, Streams)]
    public void A_silent_cut_of_the_path_in_use_loses_next_to_nothing(PathRedundancy mode, int period, int most)
    {
        long missing = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            TwoNetworks world = new(seed, 10_000, 10_000, mode);
            world.Talk(Streams, period, 3 * Second);
            world.Network.Run(world.Network.Now + Second + world.Network.Random.NextInt64(period));
            world.Cut(world.A.Peer(2).SendPath!);
            world.Network.Run(world.Network.Now + (3 * Second));
            long lost = world.Check($"seed {seed}").MostMissingRealTime;
            Assert.That(world.B.Statistics.LateMessages, Is.Zero, $"seed {seed}");
            Assert.That(lost, Is.LessThanOrEqualTo(most / Streams), $"seed {seed}");
            missing += world.B.Statistics.SkippedMessages;
        }

        TestContext.Out.WriteLine($"{mode}, each {period / 1000} ms: {missing} of {Seeds} cuts of {Streams} streams");
    }

    [Test]
    public void What_a_cut_costs_is_reported([Values] PathRedundancy mode, [Values(10_000, 75_000)] int delay)
    {
        List<long> pauses = [];
        long missing = 0;
        long twice = 0;
        long sent = 0;
        for (int seed = 0; seed < Seeds; seed++)
        {
            TwoNetworks world = new(seed, delay, delay, mode);
            world.Talk(Streams, 20_000, 3 * Second);
            world.Network.Run(world.Network.Now + Second + world.Network.Random.NextInt64(20_000));
            world.Cut(world.A.Peer(2).SendPath!);
            pauses.Add(world.LongestPause(2 * Second));
            world.Check($"seed {seed}");
            missing += world.B.Statistics.SkippedMessages;
            twice += world.A.Peer(2).Statistics.SentTwice;
            sent += world.A.Peer(2).Statistics.MessagesSent;
        }

        pauses.Sort();
        TestContext.Out.WriteLine(
            $"{mode}, round trip {2 * delay / 1000} ms: "
                + $"pause p50 {pauses[Seeds / 2] / 1000} max {pauses[^1] / 1000} ms, "
                + $"{(double)missing / (Seeds * Streams):0.0} messages of a stream missing, "
                + $"{100.0 * twice / sent:0} % of the messages sent twice"
        );
        if (mode == PathRedundancy.Always)
            Assert.That(missing, Is.Zero);
    }

    [TestCase(10_000)]
    [TestCase(75_000)]
    public void A_call_after_thirty_silent_seconds_loses_nothing_when_its_path_has_just_died(int delay)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            TwoNetworks world = new(seed, delay, delay, PathRedundancy.WhenDoubtful);
            world.Network.Run(world.Network.Now + (30 * Second) + world.Network.Random.NextInt64(Second));
            world.Cut(world.A.Peer(2).SendPath!);
            world.Talk(1, 60_000, Second);
            world.Network.Run(world.Network.Now + (3 * Second));
            Assert.That(world.Check($"seed {seed}").MostMissingRealTime, Is.Zero, $"seed {seed}");
            Assert.That(world.B.Statistics.LateMessages, Is.Zero, $"seed {seed}");
        }
    }

    [Test]
    public void The_traffic_returns_after_a_proven_time_and_nothing_is_lost_by_it()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            TwoNetworks world = new(seed, 10_000, 12_000, PathRedundancy.WhenDoubtful);
            PathWay? preferred = world.A.Peer(2).SendPath!.Way;
            world.Talk(Streams, 20_000, 20 * Second);
            world.Network.Run(world.Network.Now + Second);
            world.Cut(world.A.Peer(2).SendPath!);
            world.Network.Run(world.Network.Now + (3 * Second));
            Assert.That(world.A.Peer(2).SendPath!.Way, Is.Not.EqualTo(preferred));
            long skipped = world.B.Statistics.SkippedMessages;
            world.Heal();
            long healed = world.Network.Now;
            Assert.That(world.Network.RunUntil(() => world.A.Peer(2).SendPath!.Way == preferred, 10 * Second), Is.True);
            Assert.That(world.Network.Now - healed, Is.GreaterThanOrEqualTo(2 * Second), "a proven time");
            world.Network.Run(world.Network.Now + (10 * Second));
            world.Check($"seed {seed}");
            Assert.That(world.B.Statistics.SkippedMessages, Is.EqualTo(skipped), $"seed {seed}: the return");
            Assert.That(world.B.Statistics.LateMessages, Is.Zero, $"seed {seed}");
        }
    }

    [Test]
    public void One_direction_that_is_cut_moves_that_direction_alone()
    {
        TwoNetworks world = new(1, 10_000, 10_000, PathRedundancy.WhenDoubtful);
        SessionPath used = world.A.Peer(2).SendPath!;
        world.Talk(Streams, 20_000, 4 * Second);
        world.Network.Run(world.Network.Now + Second);
        world.CutForth(used);
        world.Network.Run(world.Network.Now + (5 * Second));
        Assert.That(world.A.Peer(2).SendPath, Is.Not.SameAs(used));
        Assert.That(world.Check("one-way cut").MostMissingRealTime, Is.LessThanOrEqualTo(1));
    }

    [Test]
    public void Both_paths_cut_within_a_round_trip_lose_no_reliable_message_whichever_returns()
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            TwoNetworks world = new(seed, 10_000, 10_000, PathRedundancy.WhenDoubtful);
            world.Talk(4, 20_000, 8 * Second);
            world.SendReliable(2_000, 4_000);
            world.Network.Run(world.Network.Now + Second);
            world.CutAll(world.Network.Random.NextInt64(20_000));
            world.Network.Run(world.Network.Now + (2 * Second));
            world.Heal((uint)world.Network.Random.Next(2));
            world.Network.Run(world.Network.Now + (20 * Second));
            world.Check($"seed {seed}");
            Assert.That(world.A.Peer(2).Association.Sender.Unacknowledged, Is.Zero, $"seed {seed}");
            Assert.That(
                world.A.Recorder.Reports,
                Is.Empty.Or.All.Property("Reason").Not.EqualTo(UndeliveredReason.PeerLost)
            );
        }
    }

    [TestCase(1_000, 150_000, 100)]
    [TestCase(150_000, 1_000, 100)]
    [TestCase(10_000, 40_000, 100)]
    [TestCase(150_000, 1_000, 500)]
    [TestCase(300_000, 1_000, 700)]
    public void Moving_between_unequal_ways_again_and_again_makes_nothing_late(int first, int second, int millis)
    {
        for (int seed = 0; seed < Seeds; seed++)
        {
            TwoNetworks world = new(seed, first, second, PathRedundancy.WhenDoubtful);
            int moves = 4_000 / millis;
            world.Talk(Streams, 20_000, 4 * Second);
            world.SendReliable(200, 20_000);
            for (int move = 0; move < moves; move++)
            {
                world.Prefer((uint)(move % 2));
                world.Network.Run(world.Network.Now + (millis * 1_000));
            }

            world.Network.Run(world.Network.Now + (5 * Second));
            Assert.That(world.Check($"seed {seed}").MostMissingRealTime, Is.Zero, $"seed {seed}");
            Assert.That(world.B.Statistics.LateMessages, Is.Zero, $"seed {seed}");
            Assert.That(world.A.Peer(2).Association.Sender.Unacknowledged, Is.Zero, $"seed {seed}");
        }
    }

    [Test]
    public void Two_lossy_paths_at_once_lose_what_both_lose()
    {
        TwoNetworks world = new(7, 10_000, 12_000, PathRedundancy.Always);
        world.Network.Loss = 0.02;
        world.Talk(Streams, 20_000, 20 * Second);
        world.Network.Run(world.Network.Now + (22 * Second));
        world.Check("loss");
        PeerStatistics sent = world.A.Peer(2).Statistics;
        PeerStatistics received = world.B.Peer(1).Statistics;
        Assert.That(sent.SentTwice, Is.GreaterThanOrEqualTo(sent.MessagesSent * 99 / 100));
        Assert.That(
            received.RescuedMessages,
            Is.GreaterThan(sent.MessagesSent / 200).And.LessThan(sent.MessagesSent / 20)
        );
        Assert.That(world.B.Statistics.SkippedMessages, Is.LessThanOrEqualTo(sent.MessagesSent / 2000));
        TestContext.Out.WriteLine(
            $"{sent.MessagesSent} messages, {received.ReceivedTwice} came over the second path, "
                + $"{received.RescuedMessages} over it alone, {world.B.Statistics.SkippedMessages} over neither"
        );
    }

    [Test]
    public void What_is_lost_is_sent_again_on_the_path_over_which_it_comes_sooner()
    {
        TwoNetworks world = new(7, 50_000, 5_000, PathRedundancy.Always);
        world.Talk(Streams, 20_000, 4 * Second);
        world.Network.Run(world.Network.Now + (2 * Second));
        Peer peer = world.A.Peer(2);
        Assert.That(((SimulatedLink)peer.SendPath!.Link).Route.Network, Is.Zero);
        Assert.That(peer.RepeatPath, Is.SameAs(peer.SecondPath));
        world.Network.Loss = 0.3;
        world.Network.Run(world.Network.Now + (2 * Second));
        world.Network.Loss = 0;
        world.Network.Run(world.Network.Now + (2 * Second));
        world.Check("loss");
        long both = peer.Statistics.MessagesSent / 2 * 9 / 100;
        Assert.That(world.B.Statistics.SavedMessages, Is.GreaterThan(both / 2), "what both paths had lost came again");
        // Over the first path, with a round trip of 100 ms, most repetitions would come too late.
        Assert.That(world.B.Statistics.SkippedMessages, Is.LessThan(both / 2));
    }

    [Test]
    public void Two_of_three_paths_that_die_together_lose_next_to_nothing([Values] bool always)
    {
        SimulatedNetwork network = new(3) { MaxDelay = 10_000, MinDelay = 9_000 };
        PathRedundancy mode = always ? PathRedundancy.Always : PathRedundancy.WhenDoubtful;
        SimulatedNode a = network.StartAt(1, 1, options => options with { PathRedundancy = mode }, 2);
        SimulatedNode b = network.StartAt(2, 2, options => options with { PathRedundancy = mode }, 1);
        SimulatedRoute[] routes =
        [
            .. Enumerable.Range(0, 3).Select(i => new SimulatedRoute(TransportKind.Ip, (uint)i)),
        ];
        a.Open(2, routes);
        Assert.That(network.RunUntil(() => a.Peer(2).Paths.Count(static path => path.IsSound) == 3, 10 * Second));
        network.Run(network.Now + (3 * Second));
        for (int at = 0; at < 2 * Second; at += 20_000)
            network.At(network.Now + at, () => a.SendNumbered(2, 1, MessageClass.RealTime, 40));
        network.Run(network.Now + Second);
        SessionPath third = a.Peer(2)
            .Paths.Single(path => ((SimulatedLink)path.Link).Route.Network == (always ? OtherThan(a.Peer(2)) : 2));
        foreach (SessionPath path in a.Peer(2).Paths.Where(path => !ReferenceEquals(path, third)))
        {
            SimulatedLink link = (SimulatedLink)path.Link;
            network.Direction(link.LocalAddress, link.RemoteNode, TransportKind.Ip).CutUntil = long.MaxValue;
            network.Direction(link.RemoteNode, link.LocalAddress, TransportKind.Ip).CutUntil = long.MaxValue;
        }

        network.Run(network.Now + (3 * Second));
        Assert.That(a.Peer(2).SendPath, Is.SameAs(third));
        Assert.That(
            Ledger.Check("three paths", [a.Journal, b.Journal]).MostMissingRealTime,
            Is.LessThanOrEqualTo(always ? 1 : 3)
        );

        static uint OtherThan(Peer peer) =>
            new uint[] { 0, 1, 2 }.Single(network =>
                network != ((SimulatedLink)peer.SendPath!.Link).Route.Network
                && network != ((SimulatedLink)peer.SecondPath!.Link).Route.Network
            );
    }

    [Test]
    public void A_long_message_that_was_lost_is_not_given_up_because_the_second_path_is_narrow()
    {
        TwoNetworks world = new(7, 40_000, 1_000, PathRedundancy.Always);
        world.Narrow(1, 700);
        world.Network.Run(world.Network.Now + (80 * Second)); // its length is confirmed from time to time only
        Peer peer = world.A.Peer(2);
        Assert.That(peer.SecondPath!.IsNarrow, Is.True);
        world.Network.Loss = 0.3;
        for (int i = 0; i < 200; i++)
        {
            world.A.SendNumbered(2, 1, MessageClass.RealTime, 1_000);
            world.Network.Run(world.Network.Now + 10_000);
        }

        Assert.That(peer.Statistics.RepeatedMessages, Is.GreaterThan(20));
    }

    [Test]
    public void A_peer_that_stood_still_does_not_make_its_paths_look_slow()
    {
        TwoNetworks world = new(7, 10_000, 10_000, PathRedundancy.WhenDoubtful);
        world.B.Pause(2_800_000); // not long enough for other paths to be opened
        world.Network.Run(world.Network.Now + (3 * Second));
        Assert.That(
            world.A.Peer(2).Paths.Select(static path => path.Measurement.SmoothedRoundTrip),
            Is.All.LessThan(400_000)
        );
    }
}
