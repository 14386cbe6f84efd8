using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>The interval at which a path is probed: that of the handshake.</summary>
[TestFixture]
public sealed class ProbeIntervalTests
{
    private const long Second = 1_000_000;
    private const int Millisecond = 1_000;

    private static readonly TransportKind[] s_kinds = [TransportKind.Ip, TransportKind.Socket];

    [Test]
    public void Both_sides_probe_at_the_shorter_interval(
        [ValueSource(nameof(s_kinds))] TransportKind kind,
        [Values(1u, 2u)] uint shorter
    )
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            kind,
            options => options with { ProbeInterval = (options.Node == shorter ? 300 : 2_000) * Millisecond }
        );
        Assert.That(IntervalOf(a, 2), Is.EqualTo(300 * Millisecond));
        Assert.That(IntervalOf(b, 1), Is.EqualTo(300 * Millisecond));
        long frames = a.FramesSent + b.FramesSent;
        network.Run(network.Now + (30 * Second));
        // A probe and its reply each way, a hundred times; over datagrams also a few for the length of frames.
        Assert.That(a.FramesSent + b.FramesSent - frames, Is.InRange(390, 430));
    }

    [TestCase((ushort)0, 2_000, TestName = "A_peer_that_says_no_interval_leaves_the_own_one")]
    [TestCase((ushort)1, 50, TestName = "A_peer_cannot_ask_for_less_than_50_ms")]
    [TestCase((ushort)49, 50, TestName = "Not_even_for_a_little_less")]
    [TestCase((ushort)250, 250, TestName = "A_shorter_interval_within_the_bounds_applies")]
    [TestCase(ushort.MaxValue, 2_000, TestName = "A_peer_cannot_ask_for_a_longer_one")]
    public void What_the_peer_says(ushort millis, int expectedMillis)
    {
        SimulatedNetwork network = new(1) { Keys = null };
        network.Rewrites = (from, frame) =>
        {
            if (from == 2 && frame[1] != (byte)FrameType.Data)
                BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(58), millis);
            return frame;
        };
        (SimulatedNode a, _) = network.StartPair(
            TransportKind.Ip,
            static options => options with { ProbeInterval = 2 * Second }
        );
        Assert.That(IntervalOf(a, 2), Is.EqualTo(expectedMillis * Millisecond));
    }

    [Test]
    public void A_silent_path_is_suspect_on_both_sides_after_three_probes_of_the_shorter_interval()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            static options => options with { ProbeInterval = options.Node == 1 ? 200 * Millisecond : 5 * Second }
        );
        network.Run(network.Now + Second);
        network.Vanishes = static (_, _) => true;
        Assert.That(
            network.RunUntil(
                () => a.Peer(2).State == PeerState.Suspect && b.Peer(1).State == PeerState.Suspect,
                Second
            ),
            Is.True
        );
    }

    private static long IntervalOf(SimulatedNode node, uint peer) => node.Peer(peer).Paths.Single().Prober.Interval;
}
