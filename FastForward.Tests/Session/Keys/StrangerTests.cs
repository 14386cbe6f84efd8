using System.Buffers.Binary;
using System.Security.Cryptography;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session.Keys;

/// <summary>
/// What third ones send: forged and tampered frames, and frames of the nodes themselves, at other times and places. It
/// changes nothing, is counted, and costs little.
/// </summary>
public sealed class StrangerTests
{
    private const long Second = 1_000_000;
    private const uint Stranger = 9;

    [Test]
    public void Each_changed_bit_of_a_data_frame_makes_it_worthless()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        byte[] frame = Capture(network, a, FrameType.Data);
        SessionPath path = b.Peer(1).Paths.Single();
        for (int bit = 0; bit < frame.Length * 8; bit++)
        {
            byte[] tampered = Flip(frame, bit);
            bool isOfOtherType = bit / 8 == 1;
            long dropped = Dropped(b);
            path.ReadFrame(network.Now, tampered);
            if (!isOfOtherType)
                Assert.That(Dropped(b), Is.EqualTo(dropped + 1), $"bit {bit}");
        }

        Assert.That(b.Recorder.Messages, Is.Empty);
        path.ReadFrame(network.Now, [.. frame]);
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(1), "none of them has taken its place");
    }

    [Test]
    public void Each_changed_bit_of_a_handshake_frame_makes_it_worthless(
        [Values(FrameType.Init, FrameType.Response, FrameType.Confirm)] object type
    )
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        FrameType wanted = (FrameType)type;
        uint to = wanted == FrameType.Response ? 1u : 2u;
        byte[]? frame = null;
        network.Vanishes = (_, target) => target == to && frame is not null;
        network.Capture = (_, target, sent) =>
        {
            if (target == to && sent[1] == (byte)wanted)
                frame ??= [.. sent];
        };
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => frame is not null, Second), Is.True);
        network.Run(network.Now + 10_000);
        SimulatedNode target = to == 1 ? a : b;
        for (int bit = 0; bit < frame!.Length * 8; bit++)
            target.ReceiveDatagram(to == 1 ? 2u : 1u, Flip(frame, bit));
        Assert.That(target.Peer(to == 1 ? 2u : 1u).State, Is.EqualTo(PeerState.Connecting));
        Assert.That(target.Peer(to == 1 ? 2u : 1u).Paths.Count, Is.EqualTo(wanted == FrameType.Init ? 0 : 1));
        target.ReceiveDatagram(to == 1 ? 2u : 1u, [.. frame]);
        network.Vanishes = static (_, _) => false;
        Assert.That(network.RunUntil(() => IsConnected(a, b), 10 * Second), Is.True);
    }

    [Test]
    public void Frames_of_another_path_or_another_time_are_worthless()
    {
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        List<byte[]> earlier = [];
        network.Capture = (_, _, frame) => earlier.Add([.. frame]);
        for (int i = 0; i < 20; i++)
            a.SendNumbered(2, 1, MessageClass.Reliable, 50);
        network.Run(network.Now + (3 * Second));
        network.Capture = static (_, _, _) => { };
        network.Run(network.Now + Second);
        SessionPath path = b.Peer(1).Paths.Single();
        long received = path.Arrivals.Received;
        foreach (byte[] frame in earlier)
        {
            b.ReceiveDatagram(1, [.. frame]);
            a.ReceiveDatagram(2, [.. frame]);
        }

        Assert.That(path.Arrivals.Received, Is.EqualTo(received));
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(20));
        SimulatedNode again = network.StartAt(1, 1, null, 2);
        again.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(again, b), 40 * Second), Is.True);
        SessionPath other = b.Peer(1).Paths.Single(static path => path.IsSound);
        foreach (byte[] frame in earlier)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), other.LocalIndex);
            other.ReadFrame(network.Now, frame);
        }

        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(20), "the keys are others");
        Assert.That(other.IsSound, Is.True);
    }

    [Test]
    public void Repeated_handshakes_of_a_process_that_is_gone_trouble_the_one_that_runs_in_no_way()
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        List<byte[]> inits = [];
        network.Capture = (_, to, frame) =>
        {
            if (to == 2 && frame[1] == (byte)FrameType.Init)
                inits.Add([.. frame]);
        };
        SimulatedNode former = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        former.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(former, b), Second), Is.True);
        byte[] old = inits[0];
        SimulatedNode a = network.StartAt(1, 1, null, 2);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(a, b), 40 * Second), Is.True);
        int changes = b.Recorder.Changes.Count;
        Association association = b.Peer(1).Association;
        for (int i = 0; i < 1_000; i++)
            network.At(network.Now + (i * 10_000), () => b.ReceiveDatagram(i % 2 == 0 ? 1 : Stranger, [.. old]));
        network.Run(network.Now + (12 * Second));
        Assert.That(b.Peer(1).Association, Is.SameAs(association));
        Assert.That(b.Recorder.Changes, Has.Count.EqualTo(changes), "no conflict, no silence");
        Assert.That(b.Peer(1).Paths.Count(static path => path.IsSound), Is.EqualTo(1));
    }

    [Test]
    public void A_process_with_the_key_replaces_a_silent_one_wherever_it_is()
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(a, b), Second), Is.True);
        network.Kill(a);
        SimulatedNode other = network.StartAt(3, 1, null, 2);
        other.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(other, b), 8 * Second), Is.True, "before the 30 s are over");
    }

    [Test]
    public void Wrong_and_missing_keys_are_told_where_the_rows_say_the_node_is_and_nowhere_else()
    {
        (SimulatedNetwork network, _, SimulatedNode b) = Pair();
        b.Admits = static source =>
            source == SimulatedLink.PlaceOf(1) ? Admission.Granted : Admission.Refused(RejectReason.WrongSource);
        using PairKey wrong = new(SimulatedKeys.Id, RandomNumberGenerator.GetBytes(32), [1, 2]);
        using PairKey unknown = new(8, RandomNumberGenerator.GetBytes(32), [1, 2]);
        List<(uint To, Reject Reject)> rejects = [];
        network.Capture = (from, to, frame) =>
        {
            if (from == 2 && Reject.TryRead(frame, out Reject reject))
                rejects.Add((to, reject));
        };
        b.ReceiveDatagram(1, Init(wrong, index: 100));
        b.ReceiveDatagram(1, Init(unknown, index: 101));
        b.ReceiveDatagram(Stranger, Init(wrong, index: 102));
        b.ReceiveDatagram(Stranger, Init(unknown, index: 103));
        network.Run(network.Now + Second);
        Assert.That(
            rejects.Select(static sent => (sent.To, sent.Reject.Reason)),
            Is.EqualTo(new[] { (1u, RejectReason.WrongProof), (1u, RejectReason.KeyUnknown) })
        );
        Assert.That(b.Statistics.ForgedHandshakes, Is.EqualTo(4));
        Assert.That(
            b.Recorder.Changes.TakeLast(2).Select(static change => change.Reason),
            Has.All.Contains("it connects with key").And.All.Contains(SimulatedLink.PlaceOf(1).ToString())
        );
    }

    [Test]
    public void A_million_forged_frames_of_each_kind_change_nothing_while_calls_go_on()
    {
        const int Each = 1_000_000;
        (SimulatedNetwork network, SimulatedNode a, SimulatedNode b) = Pair();
        SessionPath path = b.Peer(1).Paths.Single();
        byte[] data = Capture(network, a, FrameType.Data);
        network.Run(network.Now + Second);
        using PairKey wrong = new(SimulatedKeys.Id, RandomNumberGenerator.GetBytes(32), [1, 2]);
        using PairKey unknown = new(8, RandomNumberGenerator.GetBytes(32), [1, 2]);
        byte[] forged = [.. data];
        byte[] generation = [.. data];
        generation[WireFormat.Generation] = 200;
        byte[] proof = Init(wrong, index: 100);
        byte[] keyless = Init(unknown, index: 101);
        byte[] response = [.. proof];
        response[1] = (byte)FrameType.Response;
        BinaryPrimitives.WriteUInt32LittleEndian(response.AsSpan(4), path.LocalIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(response.AsSpan(32), b.Options.Incarnation);
        long replayed = b.Statistics.ReplayedFrames;
        long forgedBefore = b.Statistics.ForgedFrames;
        int changes = b.Recorder.Changes.Count;
        b.Admits = static _ => Admission.Refused(RejectReason.WrongSource);
        InitArrival arrival = new(TransportKind.Ip, true, SimulatedLink.PlaceOf(1));
        byte[] answer = new byte[Peers.LongestAnswer];
        long allocated = 0;
        for (int i = 0; i < Each; i++)
        {
            if (i % 10_000 == 0)
            {
                a.SendNumbered(2, 1, MessageClass.RealTime, 50);
                network.Run(network.Now + 20_000);
                b.QueuePump(); // allocates in the simulator
                allocated -= GC.GetAllocatedBytesForCurrentThread();
            }

            BinaryPrimitives.WriteUInt64LittleEndian(forged.AsSpan(8), 1_000_000 + (ulong)i);
            path.ReadFrame(network.Now, forged);
            BinaryPrimitives.WriteUInt64LittleEndian(generation.AsSpan(8), 1_000_000 + (ulong)i);
            path.ReadFrame(network.Now, generation);
            path.ReadFrame(network.Now, data);
            path.ReadFrame(network.Now, response);
            Introduce(proof);
            Introduce(keyless);
            if (i % 10_000 == 9_999)
                allocated += GC.GetAllocatedBytesForCurrentThread();
        }

        network.Run(network.Now + Second);
        Assert.That(allocated, Is.Zero, "bytes allocated");
        Assert.That(b.Statistics.ForgedFrames - forgedBefore, Is.EqualTo(3L * Each));
        Assert.That(b.Statistics.ReplayedFrames - replayed, Is.EqualTo(Each - 1), "the first one is in time");
        Assert.That(b.Statistics.ForgedHandshakes, Is.EqualTo(2L * Each));
        Assert.That(b.Recorder.Changes, Has.Count.EqualTo(changes));
        Assert.That(b.Recorder.Messages.Count(static message => message.Stream == 1), Is.EqualTo(1 + (Each / 10_000)));
        Assert.That(b.Statistics.SkippedMessages + b.Statistics.LateMessages, Is.Zero);
        Assert.That(b.Peer(1).Paths, Is.EqualTo(new[] { path }));
        Assert.That(path.IsSound, Is.True);

        void Introduce(ReadOnlySpan<byte> frame)
        {
            Handshake.TryReadInit(frame, out Handshake init);
            InitDecision decision = b.Peers.Evaluate(network.Now, init, frame, arrival, answer, out _, out _);
            if (decision != InitDecision.Drop)
                throw new InvalidOperationException($"{decision}");
        }
    }

    [Test]
    public void A_flood_of_repeated_handshakes_costs_few_key_exchanges_and_gets_short_answers()
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        SimulatedNode b = network.Start(2, 1);
        byte[] init = Init(SimulatedKeys.Instance.Find(SimulatedKeys.Id, 1, 2)!, index: 100);
        int responses = 0;
        int cookies = 0;
        network.Capture = (from, _, frame) =>
        {
            if (frame[1] != (byte)FrameType.Data)
                Assert.That(frame.Length, Is.LessThanOrEqualTo(init.Length));
            responses += frame[1] == (byte)FrameType.Response ? 1 : 0;
            cookies += frame[1] == (byte)FrameType.Cookie ? 1 : 0;
        };
        for (uint i = 0; i < 5_000; i++)
            b.ReceiveDatagram(1_000 + i, [.. init]);
        network.Run(network.Now + 100_000);
        Assert.That(responses, Is.EqualTo(4), "half of the places");
        Assert.That(cookies, Is.EqualTo(5_000 - 4));
        Assert.That(b.Peer(1).Paths, Has.Count.LessThanOrEqualTo(8));
        SimulatedNode a = network.Start(1, 2);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(a, b), Second / 2), Is.True, "it returns the cookie");
    }

    [Test]
    public void Repeated_handshakes_from_many_places_keep_no_peer_out_whose_round_trip_is_long()
    {
        SimulatedNetwork network = new(1)
        {
            Keys = SimulatedKeys.Instance,
            MinDelay = 200_000,
            MaxDelay = 200_000,
        };
        SimulatedNode b = network.Start(2, 1);
        byte[] init = Init(SimulatedKeys.Instance.Find(SimulatedKeys.Id, 1, 2)!, index: 100);
        for (uint i = 0; i < 300; i++)
        {
            uint from = 1_000 + i;
            network.At(i * 33_000, () => b.ReceiveDatagram(from, [.. init]));
        }

        network.Run(Second);
        SimulatedNode a = network.Start(1, 2);
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => IsConnected(a, b), 3 * Second), Is.True);
    }

    private static (SimulatedNetwork Network, SimulatedNode A, SimulatedNode B) Pair()
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        network.Run(network.Now + Second);
        return (network, a, b);
    }

    // The next frame of a type that node 1 sends, with a message where it is DATA; it does not arrive.
    private static byte[] Capture(SimulatedNetwork network, SimulatedNode a, FrameType type)
    {
        byte[]? captured = null;
        network.Vanishes = (from, _) => from == 1 && captured is not null;
        network.Capture = (from, _, frame) =>
        {
            if (from == 1 && frame[1] == (byte)type)
                captured ??= [.. frame];
        };
        a.SendNumbered(2, 1, MessageClass.RealTime, 50);
        network.RunUntil(() => captured is not null, Second);
        network.Capture = static (_, _, _) => { };
        network.Run(network.Now + 1_000);
        network.Vanishes = static (_, _) => false;
        return captured!;
    }

    private static byte[] Init(PairKey key, uint index)
    {
        Handshake init = new()
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = index,
            KeyId = key.Id,
            From = 1,
            To = 2,
            Incarnation = 77,
            Epoch = 1,
        };
        byte[] frame = new byte[KeyExchange.LongestFrame];
        init.Write(frame);
        ulong nonce = 1;
        using KeyExchange exchange = KeyExchange.Initiate(
            key,
            Transport.Cryptography.CipherSuite.ChaChaPoly,
            isSealed: true,
            init,
            before: [],
            new SessionRandom(static _ => 0, () => ++nonce)
        );
        Assert.That(exchange.Write(key, frame, cookie: []), Is.EqualTo(frame.Length));
        return frame;
    }

    private static byte[] Flip(byte[] frame, int bit)
    {
        byte[] tampered = [.. frame];
        tampered[bit / 8] ^= (byte)(1 << (bit % 8));
        return tampered;
    }

    private static long Dropped(SimulatedNode node) =>
        node.Statistics.MalformedFrames
        + node.Statistics.ForgedFrames
        + node.Statistics.ReplayedFrames
        + node.Statistics.TooOldFrames;

    private static bool IsConnected(SimulatedNode a, SimulatedNode b) =>
        a.Peer(b.Id).State == PeerState.Connected
        && b.Peer(a.Id).State == PeerState.Connected
        && b.Peer(a.Id).KnownIncarnation == a.Options.Incarnation;
}
