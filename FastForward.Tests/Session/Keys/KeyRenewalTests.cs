using FastForward.Tests.Traffic;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session.Keys;

/// <summary>The keys of a path are replaced while it is in use, and nothing is lost for it.</summary>
public sealed class KeyRenewalTests
{
    private const long Second = 1_000_000;
    private const long Age = 5 * Second;

    [Test]
    public void Keys_are_renewed_by_their_age_on_both_sides_and_nothing_is_lost(
        [Values(TransportKind.Ip, TransportKind.Socket)] TransportKind kind,
        [Values(1, 2, 3, 4)] int seed
    )
    {
        SimulatedNetwork network = Network(seed, loss: kind == TransportKind.Ip ? 0.1 : 0);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(kind, Renewing);
        Talk(network, a, b, messages: 600);
        network.Run(network.Now + (31 * Second));
        AssertDelivered(a, b, messages: 600, seed);
        foreach (SessionPath path in (SessionPath[])[a.Peer(2).Paths.Single(), b.Peer(1).Paths.Single()])
        {
            Assert.That(path.IsSound, Is.True);
            Assert.That(path.KeyReplacements, Is.InRange(5, 6));
        }
    }

    [Test]
    public void Keys_are_renewed_by_the_number_of_frames()
    {
        SimulatedNetwork network = Network(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            TransportKind.Ip,
            static options => options with { RekeyFrames = 100 }
        );
        Talk(network, a, b, messages: 600);
        network.Run(network.Now + (20 * Second));
        AssertDelivered(a, b, messages: 600, seed: 1);
        SessionPath path = a.Peer(2).Paths.Single();
        Assert.That(path.KeyReplacements, Is.InRange(path.FramesSent / 250, path.FramesSent / 100 * 2));
    }

    [Test]
    public void The_same_handshake_is_repeated_until_it_is_answered()
    {
        SimulatedNetwork network = Network(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip, Renewing);
        HashSet<string> inits = [];
        int answers = 0;
        int sent = 0;
        network.Capture = (from, _, frame) =>
        {
            if (frame[WireFormat.Generation] != 0 && frame[1] == (byte)FrameType.Init)
            {
                inits.Add(Convert.ToHexString(frame));
                sent++;
            }

            answers += frame[1] == (byte)FrameType.Response ? 1 : 0;
        };
        network.Vanishes = (from, _) => from == 2 && answers is > 0 and < 4 && inits.Count > 0;
        Talk(network, a, b, messages: 250);
        network.Run(network.Now + (9 * Second));
        Assert.That(answers, Is.GreaterThanOrEqualTo(4));
        Assert.That(sent, Is.GreaterThan(1));
        Assert.That(inits, Has.Count.EqualTo(1), "all bytes are the same");
        Assert.That(a.Peer(2).Paths.Single().KeyReplacements, Is.EqualTo(1));
        Assert.That(b.Peer(1).Paths.Single().KeyReplacements, Is.EqualTo(1));
    }

    [Test]
    public void A_path_whose_keys_cannot_be_renewed_ends_and_another_one_takes_its_place()
    {
        SimulatedNetwork network = Network(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip, Renewing);
        SessionPath path = a.Peer(2).Paths.Single();
        network.Arrives = (_, frame) =>
        {
            if (frame[WireFormat.Generation] != 0 && frame[1] == (byte)FrameType.Init)
                frame[1] = 77;
        };
        Talk(network, a, b, messages: 400);
        network.Run(network.Now + (20 * Second));
        Assert.That(path.EndReason, Does.Contain("keys were not renewed"));
        AssertDelivered(a, b, messages: 400, seed: 1);
        Assert.That(b.Peer(1).State, Is.EqualTo(PeerState.Connected));
    }

    [Test]
    public void Frames_of_the_former_keys_are_taken_while_they_may_be_on_the_way_and_not_after()
    {
        SimulatedNetwork network = Network(1);
        network.MinDelay = 20_000;
        network.MaxDelay = 40_000;
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip, Renewing);
        List<byte[]> former = [];
        network.Capture = (from, _, frame) =>
        {
            if (from == 1 && frame[1] == (byte)FrameType.Data && frame[WireFormat.Generation] == 0)
                former.Add([.. frame]);
        };
        Talk(network, a, b, messages: 400);
        network.Run(network.Now + (12 * Second));
        AssertDelivered(a, b, messages: 400, seed: 1);
        Assert.That(b.Statistics.ForgedFrames, Is.Zero, "reordering around the change loses nothing");
        b.ReceiveDatagram(1, former[^1]);
        SessionPath path = b.Peer(1).Paths.Single();
        byte[] later = [.. former[^1]];
        BitConverter.TryWriteBytes(later.AsSpan(8), (ulong)path.FramesSent + 100_000);
        b.ReceiveDatagram(1, later);
        Assert.That(b.Statistics.ForgedFrames, Is.EqualTo(1));
        Assert.That(b.Statistics.ReplayedFrames, Is.EqualTo(1));
    }

    [Test]
    public void A_time_in_which_the_process_does_not_run_ends_no_keys()
    {
        SimulatedNetwork network = Network(1);
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip, Renewing);
        SessionPath path = a.Peer(2).Paths.Single();
        network.Run(network.Now + (4 * Second));
        a.Pause(3 * Second);
        network.Run(network.Now + (4 * Second));
        Assert.That(path.KeyReplacements, Is.EqualTo(1), "late, but before the other side gives up");
        network.Run(network.Now + (30 * Second));
        Assert.That(path.IsSound, Is.True, path.EndReason);
        Assert.That(b.Peer(1).State, Is.EqualTo(PeerState.Connected));
    }

    private static SessionOptions Renewing(SessionOptions options) =>
        options with
        {
            RekeyAfter = Age,
            SealLocal = true,
        };

    private static SimulatedNetwork Network(int seed, double loss = 0) =>
        new(seed) { Keys = SimulatedKeys.Instance, Loss = loss };

    private static void Talk(SimulatedNetwork network, SimulatedNode a, SimulatedNode b, int messages)
    {
        for (int i = 0; i < messages; i++)
        {
            network.At(network.Now + (i * 20_000), () => a.SendNumbered(2, 1, MessageClass.Reliable, 60));
            network.At(network.Now + (i * 20_000), () => b.SendNumbered(1, 2, MessageClass.RealTime, 60));
        }
    }

    private static void AssertDelivered(SimulatedNode a, SimulatedNode b, int messages, int seed)
    {
        Assert.That(b.Recorder.Messages, Has.Count.EqualTo(messages), $"seed {seed}");
        Assert.That(a.Recorder.Messages, Has.Count.EqualTo(messages), $"seed {seed}");
        Ledger ledger = new([a.Journal, b.Journal]);
        Assert.That(ledger.IsSound, Is.True, $"seed {seed}: {ledger}");
    }
}
