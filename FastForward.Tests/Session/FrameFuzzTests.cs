using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>
/// Random and mutated frames for paths in every phase: no exceptions, consistent state, and counters increase.
/// </summary>
[TestFixture]
public sealed class FrameFuzzTests
{
    private const int Frames = 1_200_000;
    private const int FramesPerWorld = 300;
    private const uint Index = 0x11223344;

    private static readonly byte[][] s_golden = [.. GoldenFrames.Version1.Values];

    [Test]
    public void No_frame_breaks_a_path_in_any_phase([Values(1, 2)] int seed)
    {
        Random random = new(seed);
        NodeStatistics total = new();
        byte[] buffer = new byte[4096];
        int delivered = 0;
        for (int frames = 0; frames < Frames / 2; frames += FramesPerWorld)
        {
            SimulatedNetwork network = new(random.Next());
            SimulatedNode node = network.Start(250012, 25011);
            PathPhase phase = (PathPhase)random.Next(5);
            bool reliable = random.Next(2) == 0;
            SessionPath path = Make(node, phase, reliable);
            try
            {
                for (int i = 0; i < FramesPerWorld; i++)
                {
                    byte[] frame = random.Next(10) == 0 ? Noise(random) : Mutant(random, node, (ulong)i);
                    path.ReadFrame(i, frame);
                    if (random.Next(8) == 0)
                        path.WriteFrame(i, buffer.AsSpan(0, path.Traits.MaxFrameSize), out _);
                    if (random.Next(16) == 0)
                        node.Peer(25011).OnTimeout(i);
                }

                Sender sender = node.Peer(25011).Association.Sender;
                Assert.That(sender.StoredBytes, Is.GreaterThanOrEqualTo(0), $"seed {seed}, world at frame {frames}");
                Assert.That(
                    sender.Unacknowledged,
                    Is.GreaterThanOrEqualTo(sender.UnacknowledgedMessages),
                    $"seed {seed}, world at frame {frames}"
                );
                Assert.That(
                    node.Peer(25011).Paths,
                    Has.Count.LessThanOrEqualTo(1),
                    $"seed {seed}, world at frame {frames}"
                );
            }
            catch (Exception exception) when (exception is not AssertionException)
            {
                throw new AssertionException(
                    $"seed {seed}, world at frame {frames}, {phase}, reliable {reliable}: {exception}"
                );
            }

            delivered += node.Recorder.Messages.Count;
            total.MalformedFrames += node.Statistics.MalformedFrames;
            total.ReplayedFrames += node.Statistics.ReplayedFrames;
            total.UnknownElements += node.Statistics.UnknownElements;
        }

        Assert.That(total.MalformedFrames, Is.GreaterThan(0), $"seed {seed}");
        Assert.That(total.ReplayedFrames, Is.GreaterThan(0), $"seed {seed}");
        Assert.That(total.UnknownElements, Is.GreaterThan(0), $"seed {seed}");
        Assert.That(delivered, Is.GreaterThan(0), $"seed {seed}: some frames were valid");
    }

    [Test]
    public void Unknown_elements_are_skipped_and_counted_and_later_ones_are_processed()
    {
        SimulatedNode node = new SimulatedNetwork(1).Start(250012, 25011);
        SessionPath path = Make(node, PathPhase.Established, reliable: true);
        byte[] frame =
        [
            .. GoldenFrames.Version1["probe"].AsSpan(0, WireFormat.DataHeader),
            200,
            9,
            3,
            0,
            1,
            2,
            3,
            .. GoldenFrames.Version1["message-begin"].AsSpan(WireFormat.DataHeader),
        ];
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(8), 0);
        path.ReadFrame(1, frame);
        Assert.That(node.Statistics.UnknownElements, Is.EqualTo(1));
        Assert.That(node.Statistics.MalformedFrames, Is.Zero);
        Assert.That(node.Recorder.Messages, Has.Count.EqualTo(1));
    }

    private static SessionPath Make(SimulatedNode node, PathPhase phase, bool reliable)
    {
        LinkTraits traits = reliable ? SimulatedNetwork.ReliableTraits : SimulatedNetwork.DatagramTraits;
        Peer peer = node.Peer(25011);
        Handshake.TryRead(GoldenFrames.Version1["init"], out Handshake init);
        SessionPath path =
            phase == PathPhase.Initiating
                ? SessionPath.Initiate(peer, TransportKind.Ip, traits, default, Index, traits, 0)
                : SessionPath.Answer(peer, TransportKind.Ip, traits, default, Index, traits, 0, init, 3);
        peer.Add(path);
        if (phase is PathPhase.Initiating or PathPhase.Answering)
            return path;
        byte[] confirm = Addressed("confirm", node);
        path.ReadFrame(0, confirm);
        Assert.That(path.Phase, Is.EqualTo(PathPhase.Established));
        if (reliable)
            peer.Send(0, 0x0102030405060708, MessageClass.Reliable, new byte[5000], end: false);
        else
            peer.Send(0, 0x0102030405060708, MessageClass.RealTime, new byte[500], end: false);
        if (phase is PathPhase.Closing)
            path.Close(0, CloseReason.Stopping, "test");
        if (phase is PathPhase.Finished)
            path.Finish(0, "test");
        return path;
    }

    private static byte[] Addressed(string name, SimulatedNode node)
    {
        byte[] frame = [.. GoldenFrames.Version1[name]];
        BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(32), node.Options.Incarnation);
        return frame;
    }

    private static byte[] Noise(Random random)
    {
        byte[] frame = new byte[random.Next(200)];
        random.NextBytes(frame);
        return frame;
    }

    private static byte[] Mutant(Random random, SimulatedNode node, ulong number)
    {
        byte[] frame = [.. s_golden[random.Next(s_golden.Length)]];
        bool isData = frame[1] == (byte)FrameType.Data;
        if (isData && random.Next(4) != 0)
        {
            // Several golden bodies in one frame, with a packet number that may be accepted.
            for (int more = random.Next(4); more > 0; more--)
            {
                byte[] other = s_golden[random.Next(s_golden.Length)];
                if (other[1] == (byte)FrameType.Data)
                    frame = [.. frame, .. other.AsSpan(WireFormat.DataHeader)];
            }
        }

        if (isData)
            BinaryPrimitives.WriteUInt64LittleEndian(
                frame.AsSpan(8),
                random.Next(20) == 0 ? (ulong)random.NextInt64(long.MinValue, long.MaxValue) : number
            );
        else if (frame.Length >= WireFormat.Handshake && random.Next(2) == 0)
            BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(32), node.Options.Incarnation);
        int first = isData && random.Next(4) != 0 ? WireFormat.DataHeader : 0;
        for (int changes = random.Next(5); changes > 0; changes--)
            frame[random.Next(first, frame.Length)] =
                random.Next(3) == 0 ? (byte)random.Next(16) : (byte)random.Next(256);
        return random.Next(6) == 0 ? frame[..random.Next(frame.Length + 1)] : frame;
    }
}
