using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>
/// Real-time messages that cannot leave in time. Repetition, and lateness at the receiver, come with "Session".
/// </summary>
[TestFixture]
public sealed class RealTimeExpiryTests
{
    private const long Second = 1_000_000;
    private const long Millisecond = 1_000;

    [TestCase(null, 120)]
    [TestCase(0L, 10_000)]
    [TestCase(40 * Millisecond, 40)]
    [TestCase(500 * Millisecond, 500)]
    public void Messages_expire_while_the_link_is_blocked(long? budget, int keptMillis)
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        foreach (SimulatedLink link in a.Links)
            a.Block(link, 2 * Second);
        long begin = network.Now;
        ulong accepted = 0;
        for (long time = 0; time < 2 * Second; time += 20 * Millisecond)
            network.At(
                begin + time,
                () =>
                {
                    SendResult result = a.Peer(2)
                        .Send(network.Now, 1, MessageClass.RealTime, new byte[100], end: false, realTimeBudget: budget);
                    Assert.That(result.IsAccepted, Is.True);
                    accepted++;
                    a.QueuePump();
                }
            );
        network.Run(begin + Second);
        int kept = Math.Min((keptMillis / 20) + 1, 51);
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.LessThanOrEqualTo(kept * 164), "while blocked");
        network.Run(begin + (3 * Second));

        ulong reported = 0;
        foreach (Undelivered report in a.Recorder.Reports)
        {
            Assert.That((report.Stream, report.Reason), Is.EqualTo((1ul, UndeliveredReason.Expired)));
            Assert.That(report.FirstSequence, Is.EqualTo(reported), "in order, none twice");
            reported += report.Count;
        }

        Assert.That((ulong)b.Recorder.Messages.Count + reported, Is.EqualTo(accepted), "each ends once");
        Assert.That(b.Recorder.Messages[0].Sequence, Is.EqualTo(reported));
        Assert.That(b.Recorder.Messages[0].Skipped, Is.EqualTo(reported), "the gap");
        Assert.That(b.Recorder.Messages, Has.Count.LessThanOrEqualTo(Math.Min(keptMillis / 20, 100)));
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero);
        Assert.That(a.Peer(2).NextTimeout, Is.GreaterThan(network.Now));
    }

    [Test]
    public void Messages_with_different_budgets_expire_each_in_its_time()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        foreach (SimulatedLink link in a.Links)
            a.Block(link, 2 * Second);
        Random random = new(1);
        Dictionary<ulong, long> expiries = [];
        for (ulong stream = 0; stream < 200; stream++)
        {
            long budget = random.Next(3) == 0 ? 0 : random.NextInt64(1 * Millisecond, Second);
            ulong id = stream;
            long time = network.Now + random.NextInt64(Second / 2);
            expiries.Add(id, budget == 0 ? long.MaxValue : time + budget);
            network.At(
                time,
                () =>
                {
                    a.Peer(2).Send(network.Now, id, MessageClass.RealTime, "x"u8, end: false, realTimeBudget: budget);
                    a.QueuePump();
                }
            );
        }

        for (int step = 0; step < 150; step++)
        {
            network.Run(network.Now + (10 * Millisecond));
            Assert.That(
                a.Recorder.Reports.Select(static report => report.Stream),
                Is.EquivalentTo(expiries.Where(entry => entry.Value <= network.Now).Select(static entry => entry.Key))
            );
        }

        network.Run(network.Now + (2 * Second));
        Assert.That(
            b.Recorder.Messages,
            Has.Count.EqualTo(expiries.Values.Count(static time => time == long.MaxValue))
        );
    }

    [Test]
    public void The_end_of_a_stream_arrives_although_its_last_message_has_expired()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        foreach (SimulatedLink link in a.Links)
            a.Block(link, Second);
        a.Send(2, 1, MessageClass.RealTime, "first and last"u8, end: true);
        a.Send(2, 2, MessageClass.RealTime, "expires"u8);
        a.Send(2, 2, MessageClass.RealTime, "expires"u8, end: true);
        a.Send(2, 3, MessageClass.RealTime, "is reset"u8, end: true);
        a.Peer(2).ResetStream(network.Now, 3, 77);
        Assert.That(a.Send(2, 1, MessageClass.RealTime, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
        network.Run(network.Now + (2 * Second));

        Assert.That(
            b.Recorder.Ends,
            Is.EquivalentTo(
                new[]
                {
                    new StreamEnd(1, 1, StreamEndReason.Ended, 0, 1),
                    new StreamEnd(1, 2, StreamEndReason.Ended, 0, 2),
                    new StreamEnd(1, 3, StreamEndReason.Reset, 77, 0),
                }
            )
        );
        Assert.That(b.Recorder.Messages, Is.Empty);
        Assert.That(
            a.Recorder.Reports,
            Is.EquivalentTo(
                new[]
                {
                    new Undelivered(2, 1, 0, 1, UndeliveredReason.Expired),
                    new Undelivered(2, 2, 0, 2, UndeliveredReason.Expired),
                    new Undelivered(2, 3, 0, 1, UndeliveredReason.StreamReset),
                }
            )
        );
        Assert.That(a.Send(2, 2, MessageClass.RealTime, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.Zero);
    }

    [Test]
    public void The_time_before_the_acceptance_is_part_of_the_budget()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        Send(1, waited: 120 * Millisecond);
        Send(2, waited: 119 * Millisecond);
        network.Run(network.Now + Second);
        Assert.That(
            a.Recorder.Reports,
            Is.EqualTo(new[] { new Undelivered(2, 1, 0, 1, UndeliveredReason.Expired) }),
            "not written although the link is free"
        );
        Assert.That(b.Recorder.Messages.Select(static message => message.Stream), Is.EqualTo(new[] { 2ul }));

        foreach (SimulatedLink link in a.Links)
            a.Block(link, Second);
        Send(3, waited: 100 * Millisecond);
        network.Run(network.Now + (25 * Millisecond));
        Assert.That(a.Recorder.Reports[^1], Is.EqualTo(new Undelivered(2, 3, 0, 1, UndeliveredReason.Expired)));

        void Send(ulong stream, long waited)
        {
            SendResult result = a.Peer(2)
                .Send(network.Now, stream, MessageClass.RealTime, "x"u8, false, false, 120 * Millisecond, waited);
            Assert.That(result.IsAccepted, Is.True);
            a.QueuePump();
        }
    }

    [Test]
    public void A_short_budget_that_has_ended_does_not_cause_further_scans()
    {
        RealTimeQueue queue = new();
        SendStream stream = new(1, MessageClass.RealTime);
        OutgoingMessagePool pool = new();
        for (int i = 0; i < 100; i++)
        {
            OutgoingMessage message = pool.Rent("x"u8);
            message.AcceptedAt = i * Millisecond;
            message.Budget = i == 0 ? Millisecond : 120 * Millisecond;
            queue.Enqueue(stream, message);
        }

        int scans = 0;
        for (; queue.NextExpiry < 121 * Millisecond; scans++)
            queue.RemoveExpired(queue.NextExpiry);
        Assert.That(scans, Is.LessThanOrEqualTo(2));
        Assert.That(queue.NextExpiry, Is.EqualTo(121 * Millisecond));
    }

    [Test]
    public void Without_a_budget_the_oldest_messages_make_room_and_are_reported()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        foreach (SimulatedLink link in a.Links)
            a.Block(link, Second);
        const int Cost = 1000 + 64;
        const int Room = (4 << 20) / 4 / Cost;
        Assert.That(Send(7, end: true), Is.EqualTo(SendStatus.Accepted), "a stream that ends");
        for (int i = 0; i < Room + 100; i++)
            Assert.That(Send(1), Is.EqualTo(SendStatus.Accepted));
        ulong[] dropped =
        [
            .. a.Recorder.Reports.Where(static report => report.Stream == 1).Select(static r => r.FirstSequence),
        ];
        Assert.That(dropped, Has.Length.InRange(100, 102));
        Assert.That(dropped, Is.Ordered.Ascending.And.Unique);
        Assert.That(dropped[0], Is.Zero);
        Assert.That(
            a.Recorder.Reports.Select(static report => report.Reason),
            Has.All.EqualTo(UndeliveredReason.Expired)
        );
        Assert.That(a.Peer(2).Association.Sender.StoredBytes, Is.LessThanOrEqualTo((4 << 20) / 4 + 64));
        network.Run(network.Now + (2 * Second));
        Assert.That(
            b.Recorder.Messages.Select(static message => message.Sequence),
            Is.EqualTo(Enumerable.Range(dropped.Length, Room + 100 - dropped.Length).Select(static i => (ulong)i))
        );
        Assert.That(b.Recorder.Ends, Is.EqualTo(new[] { new StreamEnd(1, 7, StreamEndReason.Ended, 0, 1) }));

        SendStatus Send(ulong stream, bool end = false) =>
            a.Peer(2).Send(network.Now, stream, MessageClass.RealTime, new byte[1000], end, realTimeBudget: 0).Status;
    }

    [Test]
    public void Bulk_to_a_stalled_peer_takes_no_room_from_real_time_messages_and_vice_versa()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode _) = Pair();
        foreach (SimulatedLink link in a.Links)
            a.Block(link, 10 * Second);
        int bulk = 0;
        for (ulong stream = 10; stream < 40; stream++)
        {
            while (a.Send(2, stream, MessageClass.Reliable, new byte[60_000]).IsAccepted)
                bulk += 60_000;
        }

        Assert.That(bulk, Is.GreaterThan(900_000));
        for (int i = 0; i < 900; i++)
            Assert.That(a.Send(2, 1, MessageClass.RealTime, new byte[1000]).Status, Is.EqualTo(SendStatus.Accepted));
        while (a.Send(2, 1, MessageClass.RealTime, new byte[1000]).IsAccepted) { }
        Assert.That(a.Send(2, 50, MessageClass.Reliable, new byte[1000]).Status, Is.EqualTo(SendStatus.BackPressured));
        a.Recorder.WritableStreams.Clear();
        network.Run(network.Now + Second);
        Assert.That(a.Recorder.WritableStreams, Is.EqualTo(new[] { (2u, 1ul) }), "expiry makes room for its class");
    }

    private static (SimulatedNetwork Network, SimulatedNode A, SimulatedNode B) Pair()
    {
        SimulatedNetwork network = new(7);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Socket);
        return (network, a, b);
    }
}
