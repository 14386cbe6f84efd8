using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Probes on demand and path measurements, in virtual time.</summary>
[TestFixture]
public sealed class PingTests
{
    private const long Second = 1_000_000;
    private const long Timeout = 2 * Second;

    [Test]
    public void Every_node_replies_on_every_path()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        b.Open(1, TransportKind.Socket);
        Assert.That(
            network.RunUntil(() => a.Peer(2).Paths.Count(static path => path.IsEstablished) == 2, 10 * Second),
            Is.True
        );

        List<PingResult> results = Ask(network, a, 2);

        Assert.That(results, Has.Count.EqualTo(2));
        Assert.That(results.Select(static result => result.Outcome), Is.All.EqualTo(PingOutcome.Answered));
        Assert.That(
            results.Select(static result => result.Transport),
            Is.EquivalentTo(new TransportKind?[] { TransportKind.Ip, TransportKind.Socket })
        );
        Assert.That(
            results.Single(static result => result.IsPathInUse).Transport,
            Is.EqualTo(a.Peer(2).SendPath!.Kind)
        );
        Assert.That(
            results.Select(static result => (long)result.RoundTrip.TotalMicroseconds),
            Is.All.InRange(2, 2 * network.MaxDelay)
        );
        Assert.That(a.Recorder.Messages.Count + b.Recorder.Messages.Count, Is.Zero, "no messages are involved");
        Assert.That(
            a.Statistics.MalformedFrames
                + b.Statistics.MalformedFrames
                + a.Statistics.UnknownElements
                + b.Statistics.UnknownElements,
            Is.Zero
        );
    }

    [Test]
    public void The_longest_pings_fit_the_smallest_frames_and_replies_have_the_same_length()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Ip);
        List<PingResult> results = [];
        for (int i = 0; i < 20; i++)
            a.Peer(2).Ping(network.Now, Timeout, WireFormat.MaxRealTimeMessage, results.Add);
        a.QueuePump();
        network.RunUntil(() => results.Count == 20, 5 * Second);
        Assert.That(results.Select(static result => result.Outcome), Is.All.EqualTo(PingOutcome.Answered));
    }

    [Test]
    public void Pings_up_to_the_limit_are_answered_and_further_ones_rejected()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Ip);
        List<PingResult> results = [];
        for (int i = 0; i < Pings.MaxOutstanding; i++)
            Assert.That(
                a.Peer(2).Ping(network.Now, Timeout, 0, results.Add),
                Is.EqualTo(new PingStart(PingStatus.Started, 1))
            );
        Assert.That(
            a.Peer(2).Ping(network.Now, Timeout, 0, results.Add),
            Is.EqualTo(new PingStart(PingStatus.TooManyOutstanding, 0))
        );
        a.QueuePump();
        network.RunUntil(() => results.Count == Pings.MaxOutstanding, 5 * Second);
        Assert.That(
            results.Count(static result => result.Outcome == PingOutcome.Answered),
            Is.EqualTo(Pings.MaxOutstanding)
        );
        Assert.That(
            a.Peer(2).Ping(network.Now, Timeout, 0, results.Add).Status,
            Is.EqualTo(PingStatus.Started),
            "there is room again"
        );
    }

    [Test]
    public void A_ping_without_a_reply_times_out_once()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Ip);
        network.Vanishes = static (from, _) => from == 2;
        long asked = network.Now;
        List<PingResult> results = [];
        a.Peer(2).Ping(network.Now, Timeout, 0, results.Add);
        a.QueuePump();
        Assert.That(network.RunUntil(() => results.Count == 1, 10 * Second), Is.True);
        Assert.That(network.Now - asked, Is.InRange(Timeout, Timeout + 2000));
        Assert.That(
            results[0],
            Is.EqualTo(
                new PingResult(2, PingOutcome.TimedOut, TransportKind.Ip, true, TimeSpan.Zero, TimeSpan.Zero)
                {
                    Remote = results[0].Remote,
                }
            )
        );
        network.Vanishes = static (_, _) => false;
        network.Run(network.Now + (10 * Second));
        Assert.That(results, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_ping_that_the_path_does_not_carry_ends_at_once_and_delays_no_other()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Ip);
        network.LongestDatagram = 900;
        Assert.That(network.RunUntil(() => a.Peer(2).SendPath?.Size?.Limit == 900, 120 * Second), Is.True);
        List<PingResult> results = [];
        a.Peer(2).Ping(network.Now, Timeout, WireFormat.MaxRealTimeMessage, results.Add);
        a.Peer(2).Ping(network.Now, Timeout, 0, results.Add);
        a.QueuePump();
        network.RunUntil(() => results.Count == 2, Second);
        Assert.That(
            results.Select(static result => result.Outcome),
            Is.EqualTo(new[] { PingOutcome.TooLong, PingOutcome.Answered })
        );
    }

    [Test]
    public void A_ping_ends_with_its_path()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        b.Pause(60 * Second);
        List<PingResult> results = [];
        a.Peer(2).Ping(network.Now, 60 * Second, 0, results.Add);
        a.QueuePump();
        network.Run(network.Now + (Second / 10));
        Assert.That(results, Is.Empty);
        network.Kill(b);
        network.Run(network.Now + (Second / 10));
        Assert.That(results.Select(static result => result.Outcome), Is.EqualTo(new[] { PingOutcome.PathLost }));
        Assert.That(
            a.Peer(2).Ping(network.Now, Timeout, 0, results.Add),
            Is.EqualTo(new PingStart(PingStatus.NotConnected, 0))
        );
    }

    [Test]
    public void A_ping_ends_with_its_association_even_if_the_link_is_blocked()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Socket);
        List<PingResult> results = [];
        foreach (SimulatedLink link in a.Links)
            a.Block(link, 60 * Second);
        a.Peer(2).Ping(network.Now, 60 * Second, 0, results.Add);
        a.RemoveRoute(2);
        Assert.That(results.Select(static result => result.Outcome), Is.EqualTo(new[] { PingOutcome.PathLost }));
    }

    [Test]
    public void A_pause_of_the_remote_is_part_of_the_round_trip_and_does_not_affect_other_pings()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        b.Pause(Second);
        List<PingResult> results = [];
        for (int i = 0; i < 10; i++)
        {
            a.Peer(2).Ping(network.Now, Timeout, 0, results.Add);
            a.QueuePump();
            network.Run(network.Now + (Second / 20));
        }

        // All ten pings, and a periodic probe, are waiting when the remote resumes; each gets its own reply.
        network.RunUntil(() => results.Count == 10, 5 * Second);
        Assert.That(results.Select(static result => result.Outcome), Is.All.EqualTo(PingOutcome.Answered));
        Assert.That(
            results.Select(static result => (long)result.RoundTrip.TotalMicroseconds),
            Is.All.InRange(Second / 4, Second + (2 * network.MaxDelay))
        );
    }

    [Test]
    public void A_pause_of_the_local_process_does_not_time_out_a_ping()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Ip);
        List<PingResult> results = [];
        network.MaxDelay = 100_000;
        a.Peer(2).Ping(network.Now, Second / 2, 0, results.Add);
        a.QueuePump();
        network.Run(network.Now + 1);
        a.Pause(5 * Second);
        network.RunUntil(() => results.Count == 1, 10 * Second);
        Assert.That(results[0].Outcome, Is.EqualTo(PingOutcome.Answered));
    }

    [Test]
    public void Each_ping_ends_exactly_once_on_a_lossy_network([Values(1, 2, 3, 4, 5)] int seed)
    {
        SimulatedNetwork network = new(seed)
        {
            Loss = 0.3,
            Duplication = 0.3,
            MaxDelay = 3 * Second,
        };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Ip);
        b.Open(1, TransportKind.Socket);
        int[] ends = new int[500];
        int started = 0;
        for (int i = 0; i < ends.Length; i++)
        {
            int index = i;
            PingStart start = a.Peer(2).Ping(network.Now, Timeout, network.Random.Next(1100), _ => ends[index]++);
            ends[i] -= start.Paths;
            started += start.Paths;
            a.QueuePump();
            network.Run(network.Now + (Second / 10));
            if (network.Random.Next(50) == 0 && a.Links.Count > 0)
                network.Cut(a.Links[0]);
        }

        network.Run(network.Now + (10 * Second));
        Assert.That(started, Is.GreaterThan(100), "a path exists most of the time");
        Assert.That(ends, Is.All.Zero);
    }

    [Test]
    public void Replies_of_older_peers_without_padding_are_accepted_and_invalid_ones_ignored()
    {
        (SimulatedNetwork network, SimulatedNode a, _) = Pair(TransportKind.Ip);
        List<PingResult> results = [];
        SessionPath path = a.Peer(2).SendPath!;
        a.Peer(2).Ping(network.Now, Timeout, 500, results.Add);
        Answer(path, network.Now, 0x8000_0000, packet: 900); // not sent yet
        Assert.That(results, Is.Empty);
        path.WriteFrame(network.Now, new byte[1200], out _);
        Answer(path, network.Now, 0x8000_0001, packet: 901);
        Answer(path, network.Now, 0xFFFF_FFFF, packet: 902);
        Assert.That(results, Is.Empty);
        Answer(path, network.Now + 77, 0x8000_0000, packet: 903);
        Answer(path, network.Now + 78, 0x8000_0000, packet: 904);
        Assert.That(
            results.Select(static result => (long)result.RoundTrip.TotalMicroseconds),
            Is.EqualTo(new long[] { 77 })
        );
    }

    [Test]
    public void Loss_and_reordering_are_measured_by_the_receiving_side_only()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        network.Run(network.Now + (5 * Second));
        SessionPath near = a.Peer(2).SendPath!,
            far = b.Peer(1).SendPath!;
        Assert.That((near.Arrivals.Lost, far.Arrivals.Lost), Is.EqualTo((0L, 0L)));

        // Every fifth datagram from 1 to 2 is lost. Five does not divide the number sent per second, so probes are not
        // hit systematically.
        int count = 0;
        network.Vanishes = (from, _) => from == 1 && ++count % 5 == 0;
        for (int i = 0; i < 400; i++)
        {
            a.Send(2, 9, MessageClass.RealTime, new byte[10]);
            network.Run(network.Now + (Second / 50));
        }

        network.Vanishes = static (_, _) => false;
        a.Send(2, 9, MessageClass.RealTime, new byte[10]);
        network.Run(network.Now + (Second / 50));
        Assert.That(far.Arrivals.Lost, Is.EqualTo(count / 5));
        Assert.That(far.Arrivals.Received, Is.EqualTo(near.FramesSent - (count / 5)));
        Assert.That(far.Arrivals.LossRatio, Is.InRange(0.15, 0.21));
        Assert.That(near.Arrivals.Lost, Is.Zero);

        // Delays longer than the send interval cause reordering.
        network.MaxDelay = Second / 10;
        for (int i = 0; i < 200; i++)
        {
            a.Send(2, 9, MessageClass.RealTime, new byte[10]);
            network.Run(network.Now + (Second / 50));
        }

        network.Run(network.Now + Second);
        Assert.That(far.Arrivals.Reordered, Is.GreaterThan(20));
        Assert.That(far.Arrivals.ReorderedRatio, Is.GreaterThan(0.02));
        Assert.That(far.Arrivals.Lost, Is.EqualTo(count / 5), "late packets are not counted as lost");
        network.Run(network.Now + (60 * Second));
        Assert.That(far.Arrivals.LossRatio, Is.Zero, "the losses are no longer in the window");
    }

    [Test]
    public void A_peer_counts_traffic_and_knows_when_its_state_changed()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        long connected = a.Peer(2).StateSince;
        Assert.That(connected, Is.InRange(1, network.Now - Second));
        for (int i = 0; i < 7; i++)
            a.Send(2, 1, MessageClass.Reliable, new byte[100]);
        b.Send(1, 1, MessageClass.RealTime, new byte[3]);
        network.Run(network.Now + Second);
        PeerStatistics near = a.Peer(2).Statistics,
            far = b.Peer(1).Statistics;
        Assert.That(
            (near.MessagesSent, near.BytesSent, near.MessagesReceived, near.BytesReceived),
            Is.EqualTo((7L, 700L, 1L, 3L))
        );
        Assert.That(
            (far.MessagesSent, far.BytesSent, far.MessagesReceived, far.BytesReceived),
            Is.EqualTo((1L, 3L, 7L, 700L))
        );
        Assert.That(a.Peer(2).StateSince, Is.EqualTo(connected));

        network.Kill(b);
        a.Send(2, 1, MessageClass.Reliable, new byte[100]);
        network.Run(network.Now + Second);
        Assert.That(a.Peer(2).State, Is.EqualTo(PeerState.Suspect));
        Assert.That(a.Peer(2).StateSince, Is.GreaterThan(connected));
        network.Run(network.Now + (40 * Second));
        Assert.That(a.Peer(2).State, Is.EqualTo(PeerState.Connecting));
        Assert.That(near.UndeliveredMessages, Is.EqualTo(1));
    }

    private static List<PingResult> Ask(SimulatedNetwork network, SimulatedNode node, uint to)
    {
        List<PingResult> results = [];
        PingStart start = node.Peer(to).Ping(network.Now, Timeout, 0, results.Add);
        node.QueuePump();
        network.RunUntil(() => results.Count >= start.Paths, 10 * Second);
        return results;
    }

    private static void Answer(SessionPath path, long now, uint id, ulong packet)
    {
        byte[] frame = new byte[1200];
        FrameWriter writer = new(frame);
        writer.WriteProbeReply(id, 0);
        writer.WriteHeader(path.LocalIndex, packet, (uint)now);
        path.ReadFrame(now, frame.AsSpan(0, writer.Length));
    }

    private static (SimulatedNetwork Network, SimulatedNode A, SimulatedNode B) Pair(TransportKind kind)
    {
        SimulatedNetwork network = new(7) { Keys = null };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, kind);
        b.Open(1, kind);
        network.RunUntil(
            () => a.Peer(2).State == PeerState.Connected && b.Peer(1).State == PeerState.Connected,
            10 * Second
        );
        network.Run(network.Now + (2 * Second));
        return (network, a, b);
    }
}
