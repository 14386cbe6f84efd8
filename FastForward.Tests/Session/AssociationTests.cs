using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Epochs, incarnations, choice and end of paths: one situation per test, on simulated links.</summary>
[TestFixture]
public sealed class AssociationTests
{
    private static readonly object s_link = new();

    private const long Second = 1_000_000;

    [Test]
    public void The_highest_epoch_does_not_exhaust_the_epochs()
    {
        Assert.That(EpochOrder.After(uint.MaxValue), Is.EqualTo(1));
        Assert.That(EpochOrder.IsNewer(1, uint.MaxValue), Is.True);
        Assert.That(EpochOrder.IsNewer(uint.MaxValue, 1), Is.False);
        Assert.That(EpochOrder.IsNewer(uint.MaxValue, 0), Is.True);
        Assert.That(EpochOrder.Newest(3, 4), Is.EqualTo(4));

        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2);
        Peer peer = a.Peer(2);
        uint index = 5;
        foreach (uint epoch in new[] { 0x7FFF_FFFFu, 0xFFFF_FFFEu, uint.MaxValue })
        {
            SessionPath path = Answered(a, incarnation: 77, ++index, epoch);
            path.ReadFrame(network.Now, Frame(FrameType.Confirm, a, 77, index, epoch, path.LocalIndex));
            Assert.That(peer.Association.Epoch, Is.EqualTo(epoch));
            peer.Close(network.Now, CloseReason.Stopping, "test", UndeliveredReason.Stopped);
        }

        Assert.That(peer.ProposedEpoch, Is.EqualTo(1));
    }

    [Test]
    public void A_late_confirmation_does_not_displace_the_established_holder_of_an_id()
    {
        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2);
        SessionPath impostor = Answered(a, incarnation: 66, index: 6, epoch: 1);
        SessionPath rightful = Answered(a, incarnation: 77, index: 7, epoch: 1);
        rightful.ReadFrame(network.Now, Frame(FrameType.Confirm, a, 77, 7, 1, rightful.LocalIndex));
        impostor.ReadFrame(network.Now, Frame(FrameType.Confirm, a, 66, 6, 1, impostor.LocalIndex));
        Assert.That(a.Peer(2).KnownIncarnation, Is.EqualTo(77));
        Assert.That(impostor.Phase, Is.EqualTo(PathPhase.Finished));
        Assert.That(a.Recorder.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Restarted));
    }

    [Test]
    public void A_restarted_peer_gets_one_association_whichever_side_connects_first()
    {
        for (int seed = 0; seed < 200; seed++)
        {
            SimulatedNetwork network = new(seed) { MaxDelay = 20_000 };
            SimulatedNode a = network.Start(1, 2);
            SimulatedNode b = network.Start(2, 1);
            a.Open(2, TransportKind.Ip);
            b.Open(1, TransportKind.Ip);
            network.Run(10 * Second);
            network.Kill(b);
            network.Run(network.Now + network.Random.NextInt64(6 * Second));
            int before = a.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.Connected);
            SimulatedNode successor = network.Start(2, 1);
            successor.Open(1, TransportKind.Ip);
            network.Run(network.Now + (20 * Second));
            Assert.That(
                a.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.Connected) - before,
                Is.EqualTo(1),
                $"seed {seed}: surviving node"
            );
            Assert.That(
                successor.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.Connected),
                Is.EqualTo(1),
                $"seed {seed}: new process"
            );
        }
    }

    [Test]
    public void A_removed_and_restored_route_begins_a_new_association_even_if_the_peer_was_not_notified()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        for (int i = 0; i < 10; i++)
            a.SendNumbered(2, 1, MessageClass.RealTime, 20);
        network.Run(network.Now + Second);
        network.Vanishes = static (from, _) => from == 1;
        a.RemoveRoute(2);
        network.Run(network.Now + 1000);
        network.Vanishes = static (_, _) => false;
        a.AddRoute(2);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => Connected(a, b), 10 * Second), Is.True);
        for (int i = 0; i < 5; i++)
            a.SendNumbered(2, 1, MessageClass.RealTime, 20);
        network.Run(network.Now + Second);
        Ledger.Check("one world", [a.Journal, b.Journal]);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(15));
        Assert.That(b.Statistics.LateMessages, Is.Zero);
    }

    [Test]
    public void Acknowledgements_arrive_although_the_preferred_path_is_a_lossy_datagram_path()
    {
        SimulatedNetwork network = new(3) { Loss = 0.6 };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Socket);
        b.Open(1, TransportKind.Ip);
        Assert.That(
            network.RunUntil(
                () =>
                    b.Peer(1).SendPath is { Kind: TransportKind.Ip }
                    && a.Peer(2).SendPath is { Kind: TransportKind.Socket },
                60 * Second
            ),
            Is.True
        );
        for (ulong i = 0; i < 200; i++)
        {
            ulong stream = i;
            network.At(
                network.Now + ((long)stream * 50_000),
                () => a.SendNumbered(2, stream, MessageClass.Reliable, 100, end: true)
            );
        }

        network.Run(network.Now + (20 * Second));
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(200));
        Assert.That(a.Peer(2).Association.Sender.Unacknowledged, Is.Zero);
    }

    [Test]
    public void A_path_that_is_unknown_to_the_remote_ends()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        a.Open(2, TransportKind.Socket);
        Assert.That(network.RunUntil(() => a.Peer(2).SendPath is { Kind: TransportKind.Socket }, 10 * Second), Is.True);
        network.Vanishes = static (_, _) => true;
        network.Run(network.Now + (60 * Second));
        Assert.That(a.Peer(2).State, Is.EqualTo(PeerState.Connected));
        Assert.That(a.Peer(2).Paths.Count(static path => path.Kind == TransportKind.Ip && path.IsSuspect), Is.Zero);
        Assert.That(b.Peer(1).Paths.Count(static path => path.Kind == TransportKind.Ip && path.IsSuspect), Is.Zero);
    }

    [Test]
    public void A_changed_preference_takes_effect_at_once_if_both_paths_exist()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        b.Open(1, TransportKind.Socket);
        Assert.That(
            network.RunUntil(() => a.Peer(2).Paths.Count(static path => path.IsEstablished) == 2, 10 * Second),
            Is.True
        );
        Assert.That(a.Peer(2).SendPath!.Kind, Is.EqualTo(TransportKind.Ip));
        a.Prefer(2, new SimulatedRoute(TransportKind.Socket));
        Assert.That(a.Peer(2).SendPath!.Kind, Is.EqualTo(TransportKind.Socket));
    }

    [Test]
    public void Loss_in_one_direction_makes_both_sides_suspect_and_then_ends_the_association()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        network.Vanishes = static (from, _) => from == 1;
        network.Run(network.Now + (6 * Second));
        Assert.That(a.Peer(2).State, Is.EqualTo(PeerState.Suspect));
        Assert.That(b.Peer(1).State, Is.EqualTo(PeerState.Suspect));
        network.Run(network.Now + (40 * Second));
        Assert.That(a.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.Lost), Is.EqualTo(1));
        network.Vanishes = static (_, _) => false;
        Assert.That(network.RunUntil(() => Connected(a, b), 60 * Second), Is.True);
    }

    [Test]
    public void Real_time_messages_lost_before_the_end_of_their_stream_are_counted_by_the_end()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        a.Send(2, 1, MessageClass.RealTime, "arrives"u8);
        network.Run(network.Now + Second);
        network.Vanishes = static (from, _) => from == 1;
        a.Send(2, 1, MessageClass.RealTime, "is lost"u8);
        a.Send(2, 1, MessageClass.RealTime, "is lost"u8);
        network.Run(network.Now + Second);
        network.Vanishes = static (_, _) => false;
        Assert.That(a.Peer(2).EndStream(network.Now, 1), Is.EqualTo(SendStatus.Accepted));
        network.Run(network.Now + Second);

        StreamEnd end = b.Recorder.Ends.Single();
        Assert.That((end.Reason, end.Code, end.SkippedBefore), Is.EqualTo((StreamEndReason.Ended, 0u, 2ul)));
        Assert.That(b.Recorder.Messages.Single().Skipped, Is.Zero);
    }

    [Test]
    public void A_restarted_process_reconnects_over_datagrams_after_a_challenge()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        network.Kill(b);
        SimulatedNode successor = network.Start(2, 1);
        successor.Open(1, TransportKind.Ip);
        Assert.That(network.RunUntil(() => Connected(a, successor), 10 * Second), Is.True);
        Assert.That(
            a.Recorder.Changes.Select(static change => change.Kind),
            Does.Not.Contain(PeerEventKind.NodeIdConflict)
        );
        Assert.That(a.Peer(2).KnownIncarnation, Is.EqualTo(successor.Options.Incarnation));
    }

    [Test]
    public void An_impostor_does_not_displace_a_running_node_and_is_reported()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        SimulatedNode impostor = network.StartAt(9, 2, null, 1);
        impostor.Open(1, TransportKind.Ip);
        network.Run(network.Now + (60 * Second));
        Assert.That(a.Peer(2).KnownIncarnation, Is.EqualTo(b.Options.Incarnation));
        Assert.That(Connected(a, b), Is.True);
        Assert.That(impostor.Peer(1).State, Is.EqualTo(PeerState.Connecting));
        Assert.That(
            a.Recorder.Changes.Select(static change => change.Kind),
            Does.Contain(PeerEventKind.NodeIdConflict)
        );
    }

    [Test]
    public void A_paused_node_does_not_suspect_its_peer_and_stays_connected([Values(500_000, 2_500_000)] long pause)
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        b.Pause(pause);
        network.Run(network.Now + (20 * Second));
        Assert.That(Connected(a, b), Is.True);
        Assert.That(b.Recorder.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Suspect));
        Assert.That(a.Recorder.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Lost));
    }

    [Test]
    public void Messages_in_flight_on_a_redundant_link_are_not_lost_when_it_is_closed()
    {
        for (int seed = 0; seed < 300; seed++)
        {
            SimulatedNetwork network = new(seed) { MaxDelay = 20_000 };
            SimulatedNode a = network.Start(1, 2);
            SimulatedNode b = network.Start(2, 1);
            a.Open(2, TransportKind.Socket);
            b.Open(1, TransportKind.Socket);
            Dictionary<SimulatedNode, int> accepted = new() { [a] = 0, [b] = 0 };
            for (long time = 0; time < Second; time += 1_000)
            {
                network.At(time, () => Send(a, b));
                network.At(time, () => Send(b, a));
            }

            network.Run(5 * Second);
            foreach ((SimulatedNode from, SimulatedNode to) in new[] { (a, b), (b, a) })
            {
                // Messages overtaken on the other link are late and reported as skipped.
                Assert.That(
                    to.Recorder.Messages.Count + to.Statistics.LateMessages,
                    Is.EqualTo(accepted[from]),
                    $"seed {seed}: from {from.Id} to {to.Id}"
                );
                Assert.That(to.Peer(from.Id).Paths, Has.Count.EqualTo(1), $"seed {seed}");
                Assert.That(accepted[from], Is.Positive);
            }

            void Send(SimulatedNode from, SimulatedNode to)
            {
                if (from.Send(to.Id, 1, MessageClass.RealTime, new byte[20]).IsAccepted)
                    accepted[from]++;
            }
        }
    }

    [Test]
    public void Draining_paths_end_even_if_the_peer_does_not_close_its_links()
    {
        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2);
        byte[] frame = new byte[2048];
        for (uint index = 1; index <= 20; index++)
        {
            Confirm(a, Answered(a, incarnation: 77, index, epoch: 1), index);
            foreach (
                SessionPath path in a.Peer(2).Paths.Where(static path => path.Phase == PathPhase.Closing).ToArray()
            )
                Assert.That(path.WriteFrame(network.Now, frame, out _), Is.Positive, "the CLOSE");
        }

        Assert.That(a.Peer(2).Paths.Count(static path => path.IsEstablished), Is.EqualTo(1));
        Assert.That(a.Peer(2).Paths.Count(static path => path.Phase == PathPhase.Draining), Is.EqualTo(4));
        Assert.That(a.Peer(2).Paths, Has.Count.EqualTo(5));

        SessionPath draining = a.Peer(2).Paths.First(static path => path.Phase == PathPhase.Draining);
        draining.OnStall(network.Now, Second);
        draining.OnTimeout(network.Now + Second);
        Assert.That(
            draining.Phase,
            Is.EqualTo(PathPhase.Draining),
            "time in which this process did not run does not count"
        );
        draining.OnTimeout(network.Now + (2 * Second));
        Assert.That(draining.Phase, Is.EqualTo(PathPhase.Finished));
        a.Peer(2).Close(network.Now, CloseReason.Stopping, "test", UndeliveredReason.Stopped);
        foreach (SessionPath path in a.Peer(2).Paths.ToArray())
            path.WriteFrame(network.Now, frame, out _);
        Assert.That(a.Peer(2).Paths, Is.Empty);
    }

    [Test]
    public void A_redundant_path_ends_with_its_association()
    {
        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2);
        SessionPath former = Answered(a, incarnation: 77, index: 1, epoch: 1);
        Confirm(a, former, 1);
        Confirm(a, Answered(a, incarnation: 77, index: 2, epoch: 1), 2);
        Assert.That(former.Phase, Is.EqualTo(PathPhase.Closing));
        a.Peer(2).Close(network.Now, CloseReason.RouteChanged, "test", UndeliveredReason.PeerLost);
        foreach (SessionPath path in a.Peer(2).Paths.ToArray())
            path.WriteFrame(network.Now, new byte[2048], out _);
        Assert.That(a.Peer(2).Paths, Is.Empty);
    }

    [Test]
    public void The_number_of_paths_opened_by_a_peer_is_limited()
    {
        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2);
        SessionPath survivor = SessionPath.Initiate(
            a.Peer(2),
            TransportKind.Ip,
            SimulatedNetwork.DatagramTraits,
            SimulatedLink.PlaceOf(2),
            900,
            s_link,
            network.Now
        );
        a.Peer(2).Add(survivor);
        survivor.WriteFrame(network.Now, new byte[2048], out _);
        survivor.ReadFrame(network.Now, Frame(FrameType.Response, a, 77, 800, 1, 900));
        Assert.That(survivor.IsEstablished, Is.True);
        uint index = 1;
        while (a.Peer(2).Paths.Count < 17)
            Confirm(a, Answered(a, incarnation: 77, index, epoch: 1), index++);
        Assert.That(a.Peer(2).Paths.Count(static path => path.IsEstablished), Is.EqualTo(17));
        Handshake.TryRead(Frame(FrameType.Init, a, 77, index, 1, 0), out Handshake init);
        Assert.That(
            a.Peers.Evaluate(0, init, TransportKind.Ip, hostLocal: true, SimulatedLink.PlaceOf(2), out Reject refusal),
            Is.EqualTo(InitDecision.Reject)
        );
        Assert.That(refusal.Reason, Is.EqualTo(RejectReason.Busy));
    }

    [Test]
    public void One_peer_does_not_occupy_all_pending_handshakes()
    {
        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2, 3);
        for (uint index = 1; index < 1000; index++)
            a.ReceiveDatagram(2, Init(a, 2, 66, index));
        Assert.That(a.Peer(2).Paths, Has.Count.LessThan(20));
        a.ReceiveDatagram(3, Init(a, 3, 88, 5000));
        Assert.That(a.Peer(3).Paths, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_blocked_link_does_not_keep_the_node_awake()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        foreach (SimulatedLink link in b.Links)
            b.Block(link, 10 * Second);
        a.Send(2, 1, MessageClass.Reliable, new byte[10]);
        network.Run(network.Now + (Second / 2));
        long wakeups = b.Wakeups;
        network.Run(network.Now + (4 * Second));
        Assert.That(b.Wakeups - wakeups, Is.LessThan(40), "an acknowledgement is pending but cannot be written");
    }

    private static (SimulatedNetwork Network, SimulatedNode A, SimulatedNode B) Pair(TransportKind kind)
    {
        SimulatedNetwork network = new(7);
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, kind);
        b.Open(1, kind);
        network.RunUntil(() => Connected(a, b), 10 * Second);
        network.Run(network.Now + (2 * Second));
        return (network, a, b);
    }

    private static bool Connected(SimulatedNode a, SimulatedNode b) =>
        a.Peer(b.Id).State == PeerState.Connected && b.Peer(a.Id).State == PeerState.Connected;

    private static void Confirm(SimulatedNode node, SessionPath path, uint index) =>
        path.ReadFrame(0, Frame(FrameType.Confirm, node, path.PeerIncarnation, index, path.Epoch, path.LocalIndex));

    private static SessionPath Answered(SimulatedNode node, ulong incarnation, uint index, uint epoch)
    {
        Handshake.TryRead(Frame(FrameType.Init, node, incarnation, index, epoch, 0), out Handshake init);
        Assert.That(
            node.Peers.Evaluate(0, init, TransportKind.Ip, hostLocal: true, SimulatedLink.PlaceOf(2), out _),
            Is.EqualTo(InitDecision.Accept)
        );
        return node.Peers.Answer(
            0,
            init,
            TransportKind.Ip,
            SimulatedNetwork.DatagramTraits,
            SimulatedLink.PlaceOf(2),
            index + 1000,
            s_link
        );
    }

    private static byte[] Init(SimulatedNode to, uint from, ulong incarnation, uint index)
    {
        byte[] frame = new byte[WireFormat.Handshake];
        new Handshake
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = index,
            From = from,
            To = to.Id,
            Incarnation = incarnation,
            Epoch = 1,
        }.Write(frame);
        return frame;
    }

    private static byte[] Frame(
        FrameType type,
        SimulatedNode to,
        ulong incarnation,
        uint index,
        uint epoch,
        uint receiver
    )
    {
        byte[] frame = new byte[WireFormat.Handshake];
        new Handshake
        {
            Type = type,
            ReceiverIndex = receiver,
            SenderIndex = index,
            From = 2,
            To = to.Id,
            Incarnation = incarnation,
            PeerIncarnation = to.Options.Incarnation,
            Epoch = epoch,
        }.Write(frame);
        return frame;
    }
}
