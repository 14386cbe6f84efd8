using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>A peer whose address changes, and others who would like to be taken for it.</summary>
[TestFixture]
public sealed class PathMoveTests
{
    private const long Second = 1_000_000;
    private const uint OtherPort = 1 | (7u << 24);
    private const uint OtherAddress = 5;
    private const uint Stranger = 9;

    [Test]
    public void A_path_follows_its_peer_under_traffic(
        [Values(OtherPort, OtherAddress)] uint moved,
        [Values] bool isSealed,
        [Values(1, 2, 3)] int seed
    )
    {
        SimulatedNetwork network = new(seed)
        {
            MinDelay = 20_000,
            MaxDelay = 25_000,
            Loss = 0.02,
            Keys = isSealed ? SimulatedKeys.Instance : null,
        };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        Send(network, a, b, messages: 400);
        network.Run(network.Now + Second);
        network.SeenAt[1] = moved;
        Assert.That(network.RunUntil(() => IsAt(path, moved), Second), Is.True, $"seed {seed}");
        Assert.That(
            network.RunUntil(() => a.Recorder.Messages.Count == 400 && b.Recorder.Messages.Count == 400, 20 * Second),
            Is.True,
            $"seed {seed}"
        );
        foreach (SimulatedNode node in (SimulatedNode[])[a, b])
            Assert.That(
                node.Recorder.Messages.Select(static message => message.Sequence),
                Is.EqualTo(Enumerable.Range(0, 400).Select(static i => (ulong)i)),
                $"seed {seed}"
            );
        Assert.That(b.Peer(1).Paths, Is.EqualTo(new[] { path }), "the same path");
        Assert.That(b.Peer(1).State, Is.EqualTo(PeerState.Connected));
        Assert.That(
            b.Recorder.Changes.Select(static change => change.Kind),
            Is.EqualTo(new[] { PeerEventKind.Connected, PeerEventKind.Moved }),
            $"seed {seed}"
        );
        Assert.That(
            b.Recorder.Changes[^1].Reason,
            Is.EqualTo($"the peer is at {SimulatedLink.PlaceOf(moved)} now, and was at {SimulatedLink.PlaceOf(1)}")
        );
        Assert.That(a.Recorder.Changes, Has.Count.EqualTo(1), "nothing happened on the other side");
    }

    [Test]
    public void An_idle_path_follows_by_its_probes()
    {
        SimulatedNetwork network = new(1);
        (_, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        network.Run(network.Now + (70 * Second));
        network.SeenAt[1] = OtherPort;
        Assert.That(network.RunUntil(() => IsAt(path, OtherPort), 2 * Second), Is.True);
        network.Run(network.Now + (10 * Second));
        Assert.That(b.Peer(1).Paths, Is.EqualTo(new[] { path }));
        Assert.That(path.IsSound, Is.True);
    }

    [TestCase(OtherPort, false)]
    [TestCase(OtherAddress, true)]
    public void Round_trip_and_window_begin_anew_at_another_address_only(uint moved, bool isReset)
    {
        SimulatedNetwork network = new(1) { MinDelay = 20_000, MaxDelay = 20_000 };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        long initial = path.Recovery!.Window;
        for (int i = 0; i < 200; i++)
            Assert.That(b.Send(1, 6, MessageClass.Reliable, new byte[1000]).IsAccepted, Is.True);
        Assert.That(network.RunUntil(() => a.Recorder.Messages.Count == 200, 20 * Second), Is.True);
        long grown = path.Recovery.Window;
        Assert.That(grown, Is.GreaterThan(initial));
        network.SeenAt[1] = moved;
        Assert.That(network.RunUntil(() => IsAt(path, moved), 2 * Second), Is.True);
        Assert.That(path.Recovery.Window, Is.EqualTo(isReset ? initial : grown));
        Assert.That(path.Measurement.SmoothedRoundTrip == 0, Is.EqualTo(isReset));
        network.Run(network.Now + (3 * Second));
        Assert.That(path.Measurement.SmoothedRoundTrip, Is.InRange(39_000, 42_000));
    }

    [Test]
    public void Forged_frames_move_nothing_and_are_answered_ten_times_a_second_at_most([Values] bool isSealed)
    {
        SimulatedNetwork network = new(1) { Keys = isSealed ? SimulatedKeys.Instance : null };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        List<byte[]> challenges = Record(network, Stranger);
        Send(network, a, b, messages: 200);
        const int Forged = 1000;
        for (int i = 0; i < Forged; i++)
        {
            ulong number = 1_000_000 + (ulong)i;
            network.At(network.Now + (i * 1_000), () => b.ReceiveDatagram(Stranger, FrameTo(path, number, 40)));
        }

        long before = b.Statistics.StrangerFrames;
        network.Run(network.Now + (5 * Second));
        Assert.That(challenges, Has.Count.EqualTo(isSealed ? 0 : 10), "sealed ones must be authentic");
        Assert.That(challenges.Select(static frame => frame.Length), Is.All.LessThanOrEqualTo(40));
        Assert.That(b.Statistics.StrangerFrames - before, Is.EqualTo(Forged), "counted");
        Assert.That(path.Source, Is.EqualTo(SimulatedLink.PlaceOf(1)));
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(200), "their numbers are not recorded");
        Assert.That(b.Statistics.TooOldFrames + b.Statistics.ReplayedFrames, Is.Zero);
        Assert.That(b.Recorder.Changes, Has.Count.EqualTo(1));
    }

    [Test]
    public void A_frame_too_short_for_the_challenge_gets_none()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (_, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        List<byte[]> challenges = Record(network, Stranger);
        for (int length = 0; length < 32; length++)
            b.ReceiveDatagram(Stranger, FrameTo(path, 1_000, 100)[..length]);
        network.Run(network.Now + Second);
        Assert.That(challenges, Is.Empty);
        b.ReceiveDatagram(Stranger, FrameTo(path, 1_000, 32));
        network.Run(network.Now + Second);
        Assert.That(challenges.Single(), Has.Length.EqualTo(32));
    }

    [Test]
    public void Old_frames_from_another_source_get_no_answer()
    {
        SimulatedNetwork network = new(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        List<byte[]> frames = Record(network, 2);
        List<byte[]> challenges = Record(network, Stranger);
        Send(network, a, b, messages: 50);
        network.Run(network.Now + Second);
        Assert.That(frames, Has.Count.GreaterThan(50));
        foreach (byte[] frame in frames)
            b.ReceiveDatagram(Stranger, [.. frame]);
        network.Run(network.Now + Second);
        Assert.That(challenges, Is.Empty);
        Assert.That(b.Peer(1).Paths.Single().Source, Is.EqualTo(SimulatedLink.PlaceOf(1)));
    }

    [Test]
    public void A_place_that_is_not_admitted_gets_no_answer_and_is_not_followed()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        b.Admits = static place =>
            place == SimulatedLink.PlaceOf(1) ? Admission.Granted : Admission.Refused(RejectReason.WrongSource);
        List<byte[]> challenges = [];
        network.Capture = (_, to, frame) =>
        {
            if (to == OtherAddress && frame[1] == (byte)FrameType.Data)
                challenges.Add(frame);
        };
        network.SeenAt[1] = OtherAddress;
        Send(network, a, b, messages: 50);
        network.Run(network.Now + (2 * Second));
        Assert.That(challenges, Is.Empty);
        Assert.That(path.Source, Is.EqualTo(SimulatedLink.PlaceOf(1)));
    }

    [Test]
    public void Only_the_place_that_got_the_nonce_can_return_it()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        SessionPath path = b.Peer(1).Paths.Single();
        List<byte[]> challenges = Record(network, OtherAddress);
        ulong number = 20; // those of the peer come after it soon
        b.ReceiveDatagram(OtherAddress, FrameTo(path, number++, 40));
        network.Run(network.Now + 10_000);
        ulong nonce = BinaryPrimitives.ReadUInt64LittleEndian(challenges.Single().AsSpan(24));

        b.ReceiveDatagram(Stranger, Response(path, number++, nonce));
        b.ReceiveDatagram(OtherAddress, Response(path, number++, nonce + 1));
        b.ReceiveDatagram(OtherAddress, Response(path, number++, nonce, samePath: false));
        b.ReceiveDatagram(OtherAddress, Response(path, number++, nonce, index: path.LocalIndex + 1));
        Assert.That(path.Source, Is.EqualTo(SimulatedLink.PlaceOf(1)));
        b.ReceiveDatagram(OtherAddress, Response(path, number, nonce));
        Assert.That(path.Source, Is.EqualTo(SimulatedLink.PlaceOf(OtherAddress)), "without keys, the nonce is all");
        Send(network, a, b, messages: 100);
        network.Run(network.Now + Second);
        Assert.That(path.Source, Is.EqualTo(SimulatedLink.PlaceOf(1)), "and the peer itself comes back");
        Assert.That(a.Peer(2).State, Is.EqualTo(PeerState.Connected));
    }

    private static bool IsAt(SessionPath path, uint address) => path.Source == SimulatedLink.PlaceOf(address);

    private static void Send(SimulatedNetwork network, SimulatedNode a, SimulatedNode b, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            network.At(network.Now + (i * 10_000), () => a.Send(2, 5, MessageClass.Reliable, new byte[100]));
            network.At(network.Now + (i * 10_000), () => b.Send(1, 6, MessageClass.Reliable, new byte[100]));
        }
    }

    // DATA frames to an address, from now on.
    private static List<byte[]> Record(SimulatedNetwork network, uint address)
    {
        List<byte[]> frames = [];
        Action<uint, uint, byte[]> before = network.Capture;
        network.Capture = (from, to, frame) =>
        {
            before(from, to, frame);
            if (to == address && frame[1] == (byte)FrameType.Data)
                frames.Add([.. frame]);
        };
        return frames;
    }

    private static byte[] FrameTo(SessionPath path, ulong number, int length)
    {
        byte[] frame = new byte[length];
        FrameWriter writer = new(frame);
        writer.WritePadding();
        writer.WriteHeader(path.LocalIndex, number, 0);
        return frame;
    }

    private static byte[] Response(
        SessionPath path,
        ulong number,
        ulong nonce,
        bool samePath = true,
        uint? index = null
    )
    {
        byte[] frame = new byte[WireFormat.DataHeader + WireFormat.PathResponse];
        FrameWriter writer = new(frame);
        writer.WritePathResponse(nonce, path.RemoteIndex, index ?? path.LocalIndex, samePath);
        writer.WriteHeader(path.LocalIndex, number, 0);
        return frame;
    }
}
