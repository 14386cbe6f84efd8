using FastForward.Tests.Traffic;
using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// Credit held by the application: it limits the messages that a sender may have in flight, and is returned even if
/// paths are lost.
/// </summary>
[TestFixture]
public sealed class HeldCreditTests
{
    private const long Second = 1_000_000;
    private const int Cost = 1024;
    private const int StreamLimit = (256 << 10) / Cost;
    private const int AssociationLimit = (4 << 20) / Cost;

    private SimulatedNetwork _network = null!;
    private SimulatedNode _a = null!;
    private SimulatedNode _b = null!;

    private static int Seeds =>
        int.TryParse(Environment.GetEnvironmentVariable("FASTFORWARD_SIMULATION_SEEDS"), out int seeds) ? seeds : 40;

    [Test]
    public void A_stream_with_held_credit_has_a_limited_number_of_messages_in_flight()
    {
        Connect();
        Assert.That(Fill(1), Is.EqualTo(StreamLimit));
        Assert.That(Fill(1), Is.Zero, "acknowledged, but the credit is still held");
        Assert.That(_a.Peer(2).Association.Sender.StoredBytes, Is.Zero);

        for (int i = 0; i < 200; i++)
            _b.ReleaseOldest();
        _network.Run(_network.Now + Second);
        Assert.That(Fill(1), Is.EqualTo(200));
        Assert.That(_a.Recorder.WritableStreams, Is.Not.Empty);
    }

    [Test]
    public void All_streams_together_are_limited_by_the_window_of_the_association()
    {
        Connect();
        int total = 0;
        for (ulong stream = 0; stream < 30; stream++)
            total += Fill(stream);
        Assert.That(total, Is.EqualTo(AssociationLimit));
        Assert.That(_b.Recorder.Held, Has.Count.EqualTo(AssociationLimit));
        for (int i = 0; i < 100; i++)
            _b.ReleaseOldest();
        _network.Run(_network.Now + Second);
        Assert.That(Fill(29), Is.EqualTo(100));
    }

    [Test]
    public void Credit_of_an_ended_stream_is_returned_to_the_association()
    {
        Connect();
        for (ulong stream = 0; stream < 16; stream++)
        {
            Fill(stream);
            _a.Peer(2).EndStream(_network.Now, stream);
        }

        _network.Run(_network.Now + Second);
        Assert.That(_b.Recorder.Ends, Has.Count.EqualTo(16));
        Assert.That(Fill(20), Is.Zero);
        while (_b.Recorder.Held!.Count > 0)
            _b.ReleaseOldest();
        _network.Run(_network.Now + Second);
        Assert.That(Fill(20), Is.EqualTo(StreamLimit));
    }

    [Test]
    public void A_grant_lost_with_its_path_is_repeated_on_the_next_one()
    {
        Connect();
        Fill(1);
        SimulatedLink link = _b.Links.Single();
        link.LastArrival = _network.Now + Second; // frames written now stay in flight
        while (_b.Recorder.Held!.Count > 0)
            _b.ReleaseOldest();
        _network.Run(_network.Now + (Second / 10));
        Assert.That(_b.Peer(1).Association.Receiver.OutputDue, Is.EqualTo(long.MaxValue), "the grant was written");
        _network.Cut(_a.Links.Single());
        _network.Run(_network.Now + (5 * Second));
        Assert.That(Fill(1), Is.EqualTo(StreamLimit));
    }

    [Test]
    public void Credit_can_be_released_only_once()
    {
        Connect();
        Fill(1);
        MessageCredit credit = _b.Recorder.Held!.Peek();
        while (_b.Recorder.Held!.Count > 0)
            _b.ReleaseOldest();
        Assert.That(
            () => _b.Peer(1).ReleaseCredit(_network.Now, credit, credit.Bytes),
            Throws.InvalidOperationException.With.Message.Contains("released once")
        );
    }

    [Test]
    public void Releasing_credit_of_an_ended_association_has_no_effect()
    {
        Connect();
        Fill(1);
        _a.Peer(2).Close(_network.Now, default, "test", UndeliveredReason.PeerLost);
        _network.Run(_network.Now + (5 * Second));
        while (_b.Recorder.Held!.Count > 0)
            _b.ReleaseOldest();
        Assert.That(Fill(1), Is.EqualTo(StreamLimit), "the next association has its own");
    }

    [Test]
    public void Held_credit_limits_memory_even_if_a_peer_restarts_repeatedly()
    {
        Connect();
        ulong stream = 0;
        for (int life = 0; life < 6; life++)
        {
            for (int i = 0; i < 5; i++)
                Fill(stream++);
            _a.Peer(2).Close(_network.Now, default, "test", UndeliveredReason.PeerLost);
            Assert.That(
                _network.RunUntil(
                    () => _a.Peer(2).State == PeerState.Connected && _b.Peer(1).State == PeerState.Connected,
                    _network.Now + (10 * Second)
                ),
                Is.True
            );
        }

        const int InitialCredit = (1 << 20) / Cost;
        Assert.That(_b.Recorder.Held, Has.Count.InRange(AssociationLimit, AssociationLimit + InitialCredit));
        Fill(stream);
        Assert.That(
            _a.Send(2, stream++, MessageClass.Reliable, "x"u8).Status,
            Is.EqualTo(SendStatus.StreamEnded),
            "refused, and told so"
        );
        while (_b.Recorder.Held!.Count > 0)
            _b.ReleaseOldest();
        _network.Run(_network.Now + Second);
        int total = 0;
        for (int i = 0; i < 30; i++)
            total += Fill(stream++);
        Assert.That(total, Is.InRange(AssociationLimit - StreamLimit, AssociationLimit), "the whole window again");
    }

    [Test]
    public void Grants_reach_a_sender_that_waits_over_a_path_that_loses_frames()
    {
        Connect();
        int accepted = Fill(1);
        Assert.That(_a.Send(2, 1, MessageClass.Reliable, new byte[Cost]).Status, Is.EqualTo(SendStatus.BackPressured));
        _a.Open(2, TransportKind.Ip);
        _network.Run(_network.Now + (5 * Second));
        _a.Opens.Remove(2);
        foreach (SimulatedLink link in _a.Links.Where(static link => link.Path is { IsOrdered: true }).ToArray())
            _network.Cut(link);
        _network.Run(_network.Now + Second);
        Assert.That(_a.Peer(2).ReliablePath!.IsOrdered, Is.False);
        _network.Loss = 0.3;
        for (int i = 0; i < accepted; i++)
            _b.ReleaseOldest();
        Assert.That(
            _network.RunUntil(() => _a.Recorder.WritableStreams.Contains((2u, 1ul)), 30 * Second),
            Is.True,
            "a lost grant is repeated"
        );
        Assert.That(_a.Send(2, 1, MessageClass.Reliable, new byte[Cost]).Status, Is.EqualTo(SendStatus.Accepted));
    }

    [Test]
    public void A_refused_stream_accepts_nothing_more_and_its_sender_is_notified()
    {
        Connect();
        int accepted = Fill(1);
        Assert.That(_a.Send(2, 1, MessageClass.Reliable, new byte[Cost]).Status, Is.EqualTo(SendStatus.BackPressured));
        _b.Peer(1).RefuseStream(_network.Now, 1);
        _b.Peer(1).RefuseStream(_network.Now, 2); // a stream that has not started
        _b.QueuePump();
        _a.Send(2, 2, MessageClass.Reliable, "x"u8);
        _network.Run(_network.Now + Second);
        Assert.That(_b.Recorder.Messages, Has.Count.EqualTo(accepted));
        Assert.That(_b.Recorder.Ends, Is.Empty, "no StreamEnd for the side that refused it");
        Assert.That(
            _a.Recorder.WritableStreams,
            Does.Contain((2u, 1ul)),
            "the back-pressured stream becomes writable, so that its sender learns of the end"
        );
        Assert.That(
            _a.Recorder.Reports,
            Is.EqualTo(new[] { new Undelivered(2, 2, 0, 1, UndeliveredReason.StreamReset) })
        );
        Assert.That(_a.Send(2, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
        Assert.That(_a.Send(2, 2, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.StreamEnded));
    }

    [Test]
    public void The_reset_of_a_stream_without_messages_is_reported_once()
    {
        Connect();
        _a.Send(2, 1, MessageClass.Reliable, "reset before it is sent"u8);
        _a.Peer(2).ResetStream(_network.Now, 1, 77);
        _network.Run(_network.Now + Second);
        Assert.That(_b.Recorder.Messages, Is.Empty);
        Assert.That(_b.Recorder.Ends, Is.EqualTo(new[] { new StreamEnd(1, 1, StreamEndReason.Reset, 77) }));
    }

    [Test]
    public void Streams_waiting_for_held_credit_become_writable_despite_lost_paths_and_restarts()
    {
        for (int seed = 0; seed < Seeds; seed++)
            RunWorld(seed);
    }

    private static void RunWorld(int seed)
    {
        string world = $"seed {seed}";
        SimulatedNetwork network = new(seed) { MaxDelay = 20_000 };
        Random random = network.Random;
        List<SimulatedNode> everyone = [];
        SimulatedNode Sending() => network.Find(1)!;
        SimulatedNode Keeping() => network.Find(2)!;
        Begin(1);
        Begin(2);
        HashSet<ulong> refused = [];
        const long End = 15 * Second;
        for (long time = 0; time < End; time += random.NextInt64(1, 20_000))
            network.At(time, Send);
        for (long time = 0; time < End; time += random.NextInt64(1, 20_000))
            network.At(time, Release);
        for (long time = 0; time < End; time += random.NextInt64(1, 3 * Second))
            network.At(time, Fault);
        network.Run(End);
        // Long enough for a new connection; then each release may admit more messages.
        network.Run(End + (40 * Second));
        for (int round = 0; round < 20; round++)
        {
            while (Keeping().Recorder.Held!.Count > 0)
                Keeping().ReleaseOldest();
            network.Run(network.Now + Second);
        }

        Ledger.Check(world, everyone.Select(static node => node.Journal));
        Assert.That(Sending().Peer(2).Association.Sender.Unacknowledged, Is.Zero, world);
        Note();
        Assert.That(refused, Is.Empty, $"{world}: back-pressured, but never became writable");
        for (ulong stream = 0; stream < 3; stream++)
            Assert.That(
                Sending().SendNumbered(2, stream, MessageClass.Reliable, 60_000).Status,
                Is.EqualTo(SendStatus.Accepted),
                $"{world}: stream {stream}"
            );

        void Begin(uint id)
        {
            SimulatedNode node = network.Start(id, 3 - id);
            node.Recorder.Held = new Queue<MessageCredit>();
            everyone.Add(node);
            node.Open(3 - id, TransportKind.Socket);
        }

        void Send()
        {
            Note();
            ulong stream = (ulong)random.Next(3);
            SendStatus status = Sending().SendNumbered(2, stream, MessageClass.Reliable, random.Next(8, 60_000)).Status;
            if (status == SendStatus.BackPressured)
                refused.Add(stream);
            else
                refused.Remove(stream);
        }

        void Note()
        {
            foreach ((_, ulong stream) in Sending().Recorder.WritableStreams)
                refused.Remove(stream);
            Sending().Recorder.WritableStreams.Clear();
        }

        void Release()
        {
            if (Keeping().Recorder.Held!.Count > 0)
                Keeping().ReleaseOldest();
        }

        void Fault()
        {
            SimulatedNode victim = random.Next(2) == 0 ? Sending() : Keeping();
            switch (random.Next(4))
            {
                case 0:
                    network.Kill(victim);
                    if (victim.Id == 1)
                        refused.Clear();
                    Begin(victim.Id);
                    break;
                case 1 when victim.Links.Count > 0:
                    victim.Block(victim.Links[random.Next(victim.Links.Count)], random.NextInt64(2 * Second));
                    break;
                default:
                    if (victim.Links.Count > 0)
                        network.Cut(victim.Links[random.Next(victim.Links.Count)]);
                    break;
            }
        }
    }

    // Sends until back-pressured, then runs until everything has arrived.
    private int Fill(ulong stream)
    {
        int total = 0;
        int before = -1;
        while (before != total)
        {
            before = total;
            while (_a.Send(2, stream, MessageClass.Reliable, new byte[Cost - 32]).IsAccepted)
                total++;
            _network.Run(_network.Now + Second);
        }

        return total;
    }

    private void Connect()
    {
        _network = new SimulatedNetwork(12);
        _a = _network.Start(1, 2);
        _b = _network.Start(2, 1);
        _b.Recorder.Held = new Queue<MessageCredit>();
        _a.Open(2, TransportKind.Socket);
        Assert.That(
            _network.RunUntil(
                () => _a.Peer(2).State == PeerState.Connected && _b.Peer(1).State == PeerState.Connected,
                10 * Second
            ),
            Is.True
        );
    }
}
