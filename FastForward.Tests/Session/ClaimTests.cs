using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>
/// Processes that claim to be a node: which of them join its association, which replace it, and which are refused.
/// </summary>
[TestFixture]
public sealed class ClaimTests
{
    private const long Second = 1_000_000;
    private const uint Index = 700;

    [TestCase(TransportKind.Ip, TransportKind.Ip)]
    [TestCase(TransportKind.Socket, TransportKind.Socket)]
    [TestCase(TransportKind.Socket, TransportKind.Ip)]
    public void A_process_at_another_place_does_not_displace_a_paused_one(TransportKind living, TransportKind claim)
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(living);
        SimulatedNode stranger = network.StartAt(9, 2, null, 1);
        b.Pause(3 * Second);
        stranger.Open(1, claim);
        network.Run(network.Now + (4 * Second));
        Assert.That(a.Peer(2).Association.PeerIncarnation, Is.EqualTo(b.Options.Incarnation));
        Assert.That(stranger.Peer(1).Association.IsUp, Is.False);
        Assert.That(Connected(a, b), Is.True);
        Assert.That(
            a.Recorder.Changes.Count(static change => change.Kind == PeerEventKind.NodeIdConflict),
            Is.EqualTo(1),
            "reported once"
        );
        Assert.That(a.Peer(2).LastRefusal, Does.Contain("claims the id"));
        Assert.That(Connected(a, b), Is.True);
    }

    [TestCase(TransportKind.Ip, TransportKind.Ip)]
    [TestCase(TransportKind.Socket, TransportKind.Ip)]
    [TestCase(TransportKind.Socket, TransportKind.Socket)]
    public void A_process_at_another_place_waits_until_the_silent_association_has_ended(
        TransportKind living,
        TransportKind claim
    )
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(living);
        network.Kill(b);
        SimulatedNode moved = network.StartAt(9, 2, null, 1);
        moved.Open(1, claim);
        network.Run(network.Now + (28 * Second));
        Assert.That(a.Peer(2).Association.PeerIncarnation, Is.EqualTo(b.Options.Incarnation), "after 28 s");
        Assert.That(
            network.RunUntil(() => a.Peer(2).KnownIncarnation == moved.Options.Incarnation, 20 * Second),
            Is.True,
            "after its end"
        );
    }

    [TestCase(TransportKind.Ip)]
    [TestCase(TransportKind.Socket)]
    public void A_process_at_the_very_same_place_replaces_a_silent_one_at_once(TransportKind kind)
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(kind);
        network.Kill(b);
        SimulatedNode restarted = network.Start(2, 1);
        restarted.Open(1, kind);
        Assert.That(
            network.RunUntil(() => a.Peer(2).KnownIncarnation == restarted.Options.Incarnation, 5 * Second),
            Is.True
        );
    }

    [Test]
    public void A_stronger_claimant_replaces_a_weaker_association_at_once()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Ip);
        SimulatedNode real = network.StartAt(9, 2, null, 1);
        real.Open(1, TransportKind.Socket);
        Assert.That(network.RunUntil(() => Connected(a, real), Second), Is.True);
        Assert.That(a.Peer(2).KnownIncarnation, Is.EqualTo(real.Options.Incarnation));
        network.Run(network.Now + (10 * Second));
        Assert.That(a.Peer(2).KnownIncarnation, Is.EqualTo(real.Options.Incarnation), "the weaker one stays out");
        Assert.That(b.IsDead, Is.False);
    }

    [Test]
    public void A_weaker_path_joins_when_its_nonce_returns_over_the_stronger_one()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        a.Open(2, TransportKind.Ip);
        Assert.That(
            network.RunUntil(() => a.Peer(2).SendPath is { Kind: TransportKind.Ip, IsSound: true }, 5 * Second),
            Is.True
        );
        Assert.That(b.Peer(1).Paths.Any(static path => path is { Kind: TransportKind.Ip, IsSound: true }), Is.True);
        int before = b.Recorder.Messages.Count;
        for (int i = 0; i < 20; i++)
            a.Send(2, 7, MessageClass.RealTime, new byte[10]);
        network.Run(network.Now + Second);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(before + 20), "nothing is sent on it too early");
        Assert.That(a.Peer(2).KnownIncarnation, Is.EqualTo(b.Options.Incarnation));
    }

    [Test]
    public void A_weaker_path_is_used_only_when_both_sides_have_proven_it([Values(1, 2, 3, 4, 5, 6, 7, 8)] int seed)
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket, seed);
        network.MaxDelay = 50_000;
        a.Open(2, TransportKind.Ip);
        for (int i = 0; i < 500; i++)
        {
            network.At(network.Now + (i * 10_000), () => a.Send(2, 7, MessageClass.RealTime, new byte[10]));
            network.At(network.Now + (i * 10_000), () => b.Send(1, 8, MessageClass.RealTime, new byte[10]));
        }

        network.Run(network.Now + (10 * Second));
        Assert.That(a.Recorder.Messages.Count + b.Recorder.Messages.Count, Is.EqualTo(1000), "all arrive");
    }

    [Test]
    public void A_stranger_that_knows_incarnation_and_epoch_joins_nothing()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        for (int i = 0; i < 50; i++)
            a.Send(2, 5, MessageClass.Reliable, new byte[10]);
        Handshake init = InitOf(b, a, 77);
        SessionPath path = Answered(a, init);
        Span<byte> frame = new byte[200];
        (init with { Type = FrameType.Confirm, ReceiverIndex = Index }).Write(frame);
        path.ReadFrame(network.Now, frame[..WireFormat.Handshake]);
        Assert.That(path.Phase, Is.EqualTo(PathPhase.Validating));

        FrameWriter writer = new(frame);
        writer.WriteStreamAck(5, 50, 0, 1 << 20);
        writer.WriteMessage(99, 0, MessageBits.Begin, "forged"u8);
        writer.WritePathResponse(1, 77, Index);
        writer.WriteProbe(0);
        writer.WriteClose(association: true, CloseReason.Stopping);
        writer.WriteHeader(Index, 0, 0);
        path.ReadFrame(network.Now, frame[..writer.Length]);
        Assert.That(a.Peer(2).Association.Sender.UnacknowledgedMessages, Is.EqualTo(50), "no forged acknowledgement");
        Assert.That(path.Phase, Is.EqualTo(PathPhase.Validating));
        network.Run(network.Now + (10 * Second));
        Assert.That(a.Recorder.Messages, Is.Empty);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(50));
        Assert.That(Connected(a, b), Is.True);
        Assert.That(path.Phase, Is.EqualTo(PathPhase.Finished), "the proof has a time limit");
    }

    [Test]
    public void A_third_node_that_passes_the_nonces_on_joins_nothing()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        // It knows both processes, and has a datagram path with each, in the name of the other one.
        SessionPath withA = Joining(a, b, sender: 77, local: 700);
        SessionPath withB = Joining(b, a, sender: 78, local: 701);
        byte[] frame = new byte[200];
        network.Run(network.Now + 1);
        int length = withA.WriteFrame(network.Now + Second, frame, out _);
        ElementReader asked = new(frame.AsSpan(WireFormat.DataHeader, length - WireFormat.DataHeader));
        Assert.That(asked.Next() && asked.Type == ElementType.PathChallenge, Is.True);
        FrameWriter writer = new(frame);
        writer.WritePathChallenge(BinaryPrimitives.ReadUInt64LittleEndian(asked.Body));
        writer.WriteHeader(701, 0, 0);
        withB.ReadFrame(network.Now, frame.AsSpan(0, writer.Length));
        Assert.That(withB.PendingEcho, Is.Not.Null);
        network.Run(network.Now + Second);
        Assert.That(withB.PendingEcho, Is.Null, "it was returned over the socket");
        Assert.That(withA.Phase, Is.EqualTo(PathPhase.Validating), "for a path with other indexes");
        network.Run(network.Now + (10 * Second));
        Assert.That(Connected(a, b), Is.True);
    }

    [Test]
    public void What_a_weaker_path_says_neither_acknowledges_nor_ends_anything()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => a.Peer(2).SendPath is { Kind: TransportKind.Ip }, 5 * Second), Is.True);
        SessionPath weak = a.Peer(2).SendPath!;
        for (int i = 0; i < 50; i++)
            a.Send(2, 5, MessageClass.Reliable, new byte[10]);
        byte[] frame = new byte[200];
        FrameWriter writer = new(frame);
        writer.WriteStreamAck(5, 50, 0, 1 << 20);
        writer.WriteStreamRefused(5, 0, 0);
        writer.WriteMessage(99, 0, MessageBits.Begin, "forged"u8);
        writer.WriteClose(association: true, CloseReason.Stopping);
        writer.WriteHeader(weak.LocalIndex, 1_000_000, 0);
        weak.ReadFrame(network.Now, frame.AsSpan(0, writer.Length));
        Assert.That(a.Peer(2).Association.Sender.UnacknowledgedMessages, Is.EqualTo(50));
        Assert.That(a.Recorder.Reports, Is.Empty);
        network.Run(network.Now + (5 * Second));
        Assert.That(Connected(a, b), Is.True);
        Assert.That(a.Recorder.Messages, Is.Empty);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(50));
    }

    [Test]
    public void A_stranger_with_a_later_epoch_does_not_end_a_stronger_association()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair(TransportKind.Socket);
        Handshake init = InitOf(b, a, 77) with { Epoch = a.Peer(2).Association.Epoch + 1 };
        Assert.That(Evaluate(a, init), Is.EqualTo(InitDecision.Wait));
        Assert.That(Connected(a, b), Is.True);
        network.Run(network.Now + Second);
        Assert.That(Connected(a, b), Is.True);
    }

    [Test]
    public void A_flood_of_handshakes_over_one_medium_keeps_no_peer_out_on_another()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        b.Open(1, TransportKind.Socket);
        for (uint index = 1; index < 2000; index++)
        {
            uint sender = index;
            network.At(
                index * 100,
                () =>
                    a.ReceiveDatagram(
                        2,
                        InitFrame(
                            new Handshake
                            {
                                Type = FrameType.Init,
                                ReceiverIndex = 0,
                                SenderIndex = sender,
                                From = 2,
                                To = 1,
                                Incarnation = sender,
                                Epoch = 1,
                            }
                        )
                    )
            );
        }

        Assert.That(network.RunUntil(() => Connected(a, b), 150_000), Is.True, "during the flood");
        network.Run(network.Now + (10 * Second));
        Assert.That(Connected(a, b), Is.True);
    }

    [Test]
    public void The_oldest_unproven_handshake_of_the_busiest_source_yields()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        SimulatedNode a = network.Start(1, 2);
        SessionPath honest = Answered(a, Init(5), SimulatedLink.PlaceOf(2));
        for (uint sender = 100; sender < 200; sender++)
            Answered(a, Init(sender), SimulatedLink.PlaceOf(3));
        Assert.That(a.Peer(2).Paths, Has.Count.EqualTo(8));
        Assert.That(honest.Phase, Is.EqualTo(PathPhase.Answering));
        Assert.That(
            a.Peer(2).Paths.Select(static path => path.RemoteIndex),
            Is.EquivalentTo(new uint[] { 5, 193, 194, 195, 196, 197, 198, 199 })
        );

        static Handshake Init(uint sender) =>
            new()
            {
                Type = FrameType.Init,
                ReceiverIndex = 0,
                SenderIndex = sender,
                From = 2,
                To = 1,
                Incarnation = 7,
                Epoch = 1,
            };
    }

    private static (SimulatedNetwork Network, SimulatedNode A, SimulatedNode B) Pair(TransportKind kind, int seed = 7)
    {
        SimulatedNetwork network = new(seed) { Keys = null };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        b.Open(1, kind);
        network.RunUntil(() => Connected(a, b), 10 * Second);
        network.Run(network.Now + (2 * Second));
        Assert.That(Connected(a, b), Is.True);
        return (network, a, b);
    }

    private static bool Connected(SimulatedNode one, SimulatedNode other) =>
        one.Peer(other.Id).State == PeerState.Connected
        && other.Peer(one.Id).State == PeerState.Connected
        && one.Peer(other.Id).KnownIncarnation == other.Options.Incarnation;

    private static InitDecision Evaluate(SimulatedNode node, in Handshake init) =>
        node.Peers.Evaluate(0, init, TransportKind.Ip, hostLocal: true, SimulatedLink.PlaceOf(2), out _);

    private static SessionPath Answered(SimulatedNode node, in Handshake init) =>
        Answered(node, init, SimulatedLink.PlaceOf(2));

    private static SessionPath Answered(SimulatedNode node, in Handshake init, LinkSource source)
    {
        Assert.That(
            node.Peers.Evaluate(0, init, TransportKind.Ip, hostLocal: true, source, out _),
            Is.EqualTo(InitDecision.Accept)
        );
        SimulatedLink link = new(node, TransportKind.Ip, SimulatedNetwork.DatagramTraits, Index) { RemoteNode = 9 };
        return node.Peers.Answer(0, init, link.Kind, link.Traits, source, Index, link);
    }

    // The first frame of a handshake with the numbers of both processes.
    private static Handshake InitOf(SimulatedNode from, SimulatedNode to, uint sender) =>
        new()
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = sender,
            From = from.Id,
            To = to.Id,
            Incarnation = from.Options.Incarnation,
            PeerIncarnation = to.Options.Incarnation,
            Epoch = to.Peer(from.Id).Association.Epoch,
        };

    // The path of such a handshake, from a place that is the peer's by no row.
    private static SessionPath Joining(SimulatedNode node, SimulatedNode peer, uint sender, uint local)
    {
        Handshake init = InitOf(peer, node, sender);
        SimulatedLink link = new(node, TransportKind.Ip, SimulatedNetwork.DatagramTraits, local) { RemoteNode = 9 };
        SessionPath path = node.Peers.Answer(0, init, link.Kind, link.Traits, link.Source, local, link);
        byte[] frame = new byte[WireFormat.Handshake];
        path.WriteFrame(0, new byte[200], out _);
        (init with { Type = FrameType.Confirm, ReceiverIndex = local }).Write(frame);
        path.ReadFrame(0, frame);
        Assert.That(path.Phase, Is.EqualTo(PathPhase.Validating));
        return path;
    }

    private static byte[] InitFrame(in Handshake init)
    {
        byte[] frame = new byte[WireFormat.Handshake];
        init.Write(frame);
        return frame;
    }
}
