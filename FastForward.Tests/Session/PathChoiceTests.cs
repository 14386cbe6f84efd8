using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>
/// Which path carries which class, and which one acknowledgements.
/// </summary>
[TestFixture]
public sealed class PathChoiceTests
{
    private const long Second = 1_000_000;
    private const long Minute = 60 * Second;

    [Test]
    public void Reliable_messages_stay_on_the_path_that_carries_them_when_another_one_is_preferred()
    {
        SimulatedNetwork network = new(5) { Keys = null };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        b.Open(1, TransportKind.Socket);
        Assert.That(network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 10 * Second), Is.True);
        int accepted = 0;
        for (long time = 0; time < 4 * Second; time += 1_000)
            network.At(
                network.Now + time,
                () =>
                {
                    SendStatus status = a.SendNumbered(2, 1, MessageClass.Reliable, 100).Status;
                    Assert.That(status, Is.EqualTo(SendStatus.Accepted));
                    accepted++;
                    a.SendNumbered(2, 2, MessageClass.RealTime, 100);
                }
            );
        network.At(network.Now + Second, () => a.Open(2, TransportKind.Ip));
        network.Run(network.Now + (5 * Second));

        Assert.That(a.Peer(2).SendPath!.Kind, Is.EqualTo(TransportKind.Ip));
        Assert.That(a.Peer(2).ReliablePath!.Kind, Is.EqualTo(TransportKind.Socket), "it identifies the peer better");
        Ledger.Check("one world", [a.Journal, b.Journal]);
        Assert.That(b.Recorder.Messages.Count(static message => message.Stream == 1), Is.EqualTo(accepted));
        Assert.That(a.Recorder.Reports, Is.Empty);

        b.Opens.Remove(1);
        network.Cut(a.Links.Single(static link => link.Kind == TransportKind.Socket));
        network.Run(network.Now + Second);
        Assert.That(a.Peer(2).ReliablePath!.Kind, Is.EqualTo(TransportKind.Ip));
        Assert.That(a.SendNumbered(2, 1, MessageClass.Reliable, 100).Status, Is.EqualTo(SendStatus.Accepted));
        Assert.That(a.SendNumbered(2, 2, MessageClass.RealTime, 100).Status, Is.EqualTo(SendStatus.Accepted));
        network.Run(network.Now + Second);
        Ledger.Check("one world", [a.Journal, b.Journal]);
        Assert.That(b.Recorder.Messages.Count(static message => message.Stream == 1), Is.EqualTo(accepted + 1));
    }

    [Test]
    public void A_reset_that_the_peer_reads_before_it_notices_the_end_of_the_stronger_path_is_not_lost()
    {
        SimulatedNetwork network = new(5);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Socket);
        b.Open(1, TransportKind.Ip);
        network.Run(network.Now + Second);
        Assert.That(a.Peer(2).Paths, Has.Count.EqualTo(2));
        network.Direction(1, 2, TransportKind.Socket).CutUntil = long.MaxValue;
        network.Direction(2, 1, TransportKind.Socket).CutUntil = long.MaxValue;
        a.SendNumbered(2, 1, MessageClass.Reliable, 100);
        a.ResetStream(2, 1, 7);
        network.Run(network.Now + 10_000);
        network.Cut(a.Links.Single(static link => link.Kind == TransportKind.Socket));
        network.Run(network.Now + Second);
        Assert.That(a.Peer(2).ReliablePath!.Kind, Is.EqualTo(TransportKind.Ip));
        Assert.That(b.Peer(1).Paths, Has.Count.EqualTo(2), "here it has not ended");
        network.Run(network.Now + (40 * Second));
        Assert.That(a.Peer(2).Association.Sender.Unacknowledged, Is.Zero);
        Assert.That(b.Recorder.Ends.Select(static end => end.Reason), Is.EqualTo(new[] { StreamEndReason.Reset }));
    }

    [Test]
    public void Senders_are_notified_of_the_room_of_messages_that_another_path_takes()
    {
        SimulatedNetwork network = new(5);
        SimulatedNode a = network.StartAt(1, 1, static options => options with { SendStoreBytes = 4_096 }, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 10 * Second), Is.True);
        network.Run(network.Now + Second);
        network.Vanishes = static (from, _) => from == 1;
        ulong stream = 1;
        while (a.SendNumbered(2, stream, MessageClass.RealTime, 40, end: true).IsAccepted)
            stream++;
        network.Run(network.Now + 1_000);
        Assert.That(a.Recorder.WritableStreams, Is.Empty);
        a.Open(2, TransportKind.Socket);
        network.Run(network.Now + 20_000);
        Assert.That(a.Peer(2).SendPath!.Kind, Is.EqualTo(TransportKind.Socket));
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(stream - 1));
        Assert.That(a.Recorder.WritableStreams, Does.Contain((2u, stream)));
    }

    [Test]
    public void Long_real_time_messages_take_another_path_while_the_preferred_one_is_narrow()
    {
        SimulatedNetwork network = new(5) { LongestDatagram = 900 };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Ip);
        b.Open(1, TransportKind.Socket);
        Assert.That(network.RunUntil(() => Uses(TransportKind.Ip), 10 * Second), Is.True);
        Assert.That(network.RunUntil(() => Uses(TransportKind.Socket), 60 * Second), Is.True);
        Assert.That(a.Send(2, 1, MessageClass.RealTime, new byte[1100]).Status, Is.EqualTo(SendStatus.Accepted));
        network.Run(network.Now + Second);
        Assert.That(b.Recorder.Messages.Select(static message => message.Payload.Length), Is.EqualTo(new[] { 1100 }));

        b.Opens.Remove(1);
        network.Cut(a.Links.Single(static link => link.Kind == TransportKind.Socket));
        network.Run(network.Now + Second);
        Assert.That(Uses(TransportKind.Ip), Is.True, "the only one");
        Assert.That(a.Send(2, 1, MessageClass.RealTime, new byte[1100]).Status, Is.EqualTo(SendStatus.TooLarge));
        Assert.That(a.Send(2, 1, MessageClass.RealTime, new byte[500]).Status, Is.EqualTo(SendStatus.Accepted));

        b.Open(1, TransportKind.Socket);
        Assert.That(network.RunUntil(() => Uses(TransportKind.Socket), 10 * Second), Is.True);
        network.LongestDatagram = int.MaxValue;
        Assert.That(network.RunUntil(() => Uses(TransportKind.Ip), 200 * Second), Is.True, "the full size is tried");
        Assert.That(a.Recorder.Reports, Is.Empty);

        bool Uses(TransportKind kind) => a.Peer(2).SendPath?.Kind == kind;
    }

    [Test]
    public void A_node_without_a_route_of_its_own_uses_the_path_that_the_peer_prefers()
    {
        SimulatedNetwork network = new(5);
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        SimulatedRoute[] routes = [new(TransportKind.Ip), new(TransportKind.Ip, 1)];
        b.Open(1, routes);
        Assert.That(
            network.RunUntil(() => a.Peer(2).Paths.Count(static path => path.IsSound) == 2, 10 * Second),
            Is.True
        );
        network.Run(network.Now + Second);
        Assert.That(NetworkOf(a), Is.Zero);
        long moves = a.Peer(2).Statistics.Moves(PathChange.Peer);
        network.Run(network.Now + (70 * Second));
        Assert.That(a.Peer(2).Statistics.Moves(PathChange.Peer), Is.EqualTo(moves), "size probes prefer nothing");
        b.Prefer(1, routes[1], routes[0]);
        network.Run(network.Now + Second);
        Assert.That(NetworkOf(a), Is.EqualTo(1));
        a.Prefer(2, routes);
        Assert.That(NetworkOf(a), Is.Zero, "its own route counts more");

        static uint NetworkOf(SimulatedNode node) => ((SimulatedLink)node.Peer(2).SendPath!.Link).Route.Network;
    }

    [Test]
    public void A_path_of_a_route_that_changed_serves_until_another_one_does_and_is_closed_then()
    {
        SimulatedNetwork network = new(5);
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Socket);
        Assert.That(network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 10 * Second), Is.True);
        network.Direction(1, 2, TransportKind.Ip).CutUntil = long.MaxValue;
        a.Open(2, TransportKind.Ip);
        for (long time = 0; time < 8 * Second; time += 10_000)
            network.At(
                network.Now + time,
                () =>
                {
                    a.SendNumbered(2, 1, MessageClass.Reliable, 100);
                    a.SendNumbered(2, 2, MessageClass.RealTime, 100);
                }
            );
        network.Run(network.Now + (3 * Second));
        Assert.That(a.Peer(2).SendPath!.Kind, Is.EqualTo(TransportKind.Socket), "nothing answers at the new one");
        network.Direction(1, 2, TransportKind.Ip).CutUntil = 0;
        network.Run(network.Now + (10 * Second));
        Assert.That(a.Peer(2).Paths.Single().Kind, Is.EqualTo(TransportKind.Ip));
        Assert.That(a.Peer(2).ReliablePath!.Kind, Is.EqualTo(TransportKind.Ip));
        Ledger.Check("one world", [a.Journal, b.Journal]);
        Assert.That(b.Statistics.SkippedMessages + b.Statistics.LateMessages, Is.Zero);
        Assert.That(a.Recorder.Reports, Is.Empty);
    }

    [TestCase(1)]
    [TestCase(36)]
    [TestCase(59)]
    [TestCase(72)]
    [TestCase(1000)]
    public void Acknowledgements_follow_the_messages_to_another_path_after_any_silence(int minutes)
    {
        SimulatedNetwork network = new(1);
        SimulatedNode a = network.Start(1, 2);
        SessionPath first = Established(a, index: 1, TransportKind.Socket);
        SessionPath second = Established(a, index: 2, TransportKind.VSocket);
        long now = Second;
        const uint RemoteOffset = 3_000_000_000; // the remote's clock began earlier
        first.ReadFrame(now, Message(first, 0, sequence: 0, (uint)now + RemoteOffset));
        Assert.That(AckPath(), Is.SameAs(first));
        now += minutes * Minute;
        second.ReadFrame(now, Message(second, 0, sequence: 1, (uint)now + RemoteOffset));
        Assert.That(AckPath(), Is.SameAs(second), "the newer frame");
        first.ReadFrame(now + 10, Message(first, 1, sequence: 1, (uint)(now - 5_000) + RemoteOffset));
        Assert.That(AckPath(), Is.SameAs(second), "a late frame of the former path");

        SessionPath AckPath()
        {
            byte[] frame = new byte[4096];
            SessionPath? found = null;
            foreach (SessionPath path in new[] { first, second })
            {
                path.WriteFrame(now, frame, out _); // may contain a probe
                if (a.Peer(2).Association.Receiver.OutputDue == long.MaxValue && found is null)
                    found = path;
            }

            return found!;
        }
    }

    [Test]
    public void A_timestamp_is_extended_by_the_local_time_that_has_passed()
    {
        RemoteClock clock = default;
        long first = clock.Extend(0, 4_000_000_000);
        Assert.That(
            clock.Extend(90 * Minute, unchecked((uint)(4_000_000_000L + (90 * Minute)))) - first,
            Is.EqualTo(90 * Minute)
        );
        Assert.That(
            clock.Extend(90 * Minute, unchecked((uint)(4_000_000_000L + (90 * Minute) - 7))) - first,
            Is.EqualTo((90 * Minute) - 7)
        );
    }

    private static SessionPath Established(SimulatedNode node, uint index, TransportKind kind)
    {
        Handshake init = new()
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = index,
            From = 2,
            To = 1,
            Incarnation = 77,
            Epoch = 1,
        };
        SessionPath path = node.Peers.Answer(
            0,
            init,
            kind,
            SimulatedNetwork.ReliableTraits,
            default,
            index + 1000,
            new object()
        );
        byte[] confirm = new byte[WireFormat.Handshake];
        new Handshake
        {
            Type = FrameType.Confirm,
            ReceiverIndex = path.LocalIndex,
            SenderIndex = index,
            From = 2,
            To = 1,
            Incarnation = 77,
            PeerIncarnation = node.Options.Incarnation,
            Epoch = path.Epoch,
        }.Write(confirm);
        path.ReadFrame(0, confirm);
        Assert.That(path.IsEstablished, Is.True);
        path.WriteFrame(0, new byte[4096], out _);
        return path;
    }

    private static byte[] Message(SessionPath path, ulong packet, ulong sequence, uint timestamp)
    {
        byte[] frame = new byte[100];
        FrameWriter writer = new(frame);
        writer.WriteMessage(1, sequence, sequence == 0 ? MessageBits.Begin : MessageBits.None, "x"u8);
        writer.WriteHeader(path.LocalIndex, packet, timestamp);
        return frame[..writer.Length];
    }
}
