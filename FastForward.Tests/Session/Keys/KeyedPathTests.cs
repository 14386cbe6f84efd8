using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session.Keys;

/// <summary>Paths with a key: datagrams are sealed, and media of the kernel are not, unless it is asked for.</summary>
public sealed class KeyedPathTests
{
    private const long Second = 1_000_000;

    [TestCase(TransportKind.Ip, false, true)]
    [TestCase(TransportKind.Socket, false, false)]
    [TestCase(TransportKind.Socket, true, true)]
    public void Nodes_with_the_same_key_connect(TransportKind kind, bool sealsLocal, bool isSealed)
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(
            kind,
            options => options with { SealLocal = sealsLocal && options.Node == 2 }
        );
        foreach (SessionPath path in (SessionPath[])[a.Peer(2).Paths.Single(), b.Peer(1).Paths.Single()])
        {
            Assert.That(path.KeyId, Is.EqualTo(SimulatedKeys.Id));
            Assert.That(path.IsSealed, Is.EqualTo(isSealed));
            Assert.That(path.Identity.Strength, Is.EqualTo(3));
        }

        for (int i = 0; i < 50; i++)
        {
            Assert.That(a.SendNumbered(2, 1, MessageClass.Reliable, 40).IsAccepted, Is.True);
            Assert.That(b.SendNumbered(1, 2, MessageClass.RealTime, 40).IsAccepted, Is.True);
        }

        Assert.That(
            network.RunUntil(() => a.Recorder.Messages.Count == 50 && b.Recorder.Messages.Count == 50, 5 * Second),
            Is.True
        );
        Assert.That(a.Statistics.ForgedFrames + b.Statistics.ForgedFrames, Is.Zero);
    }

    [Test]
    public void A_suite_that_the_responder_lacks_is_refused_from_any_place_and_another_one_is_used()
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        SimulatedNode a = network.Start(1, 2);
        SimulatedNode b = network.Start(2, 1);
        b.Admits = static _ => Admission.Refused(RejectReason.WrongSource);
        List<RejectReason> reasons = [];
        network.Capture = (_, _, frame) =>
        {
            if (Reject.TryRead(frame, out Reject reject))
                reasons.Add(reject.Reason);
        };
        network.Rewrites = (from, frame) =>
            from == 1 && frame[1] == (byte)FrameType.Init && reasons.Count == 0 ? WithSuite(frame, 3) : frame;
        a.Open(2, TransportKind.Ip);
        Assert.That(network.RunUntil(() => a.Peer(2).State == PeerState.Connected, 3 * Second), Is.True);
        Assert.That(reasons, Is.EqualTo(new[] { RejectReason.CipherUnsupported }));
        Assert.That(b.Statistics.ForgedHandshakes, Is.Zero, "a holder of the key has written it");
        Assert.That(a.Peer(2).Suite, Is.EqualTo(CipherSuite.ChaChaPoly));
    }

    [TestCase(60)]
    [TestCase(65)]
    [TestCase(70)]
    public void Reserved_fields_of_a_later_release_are_ignored_and_agreed_on(int offset)
    {
        SimulatedNetwork network = new(1) { Keys = SimulatedKeys.Instance };
        SimulatedNode b = network.Start(2, 1);
        PairKey key = SimulatedKeys.Instance.Find(SimulatedKeys.Id, 1, 2)!;
        byte[] frame = new byte[KeyExchange.LongestFrame];
        new Handshake
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = 5,
            KeyId = key.Id,
            From = 1,
            To = 2,
            Incarnation = 77,
            Epoch = 1,
        }.Write(frame);
        frame[64] = (byte)CipherSuite.ChaChaPoly;
        frame[65] = CryptoBlock.Sealed;
        frame[offset] |= 2;
        byte[] prologue = [.. frame.AsSpan(0, 72), .. new byte[32]];
        prologue.AsSpan(48, 10).Clear();
        using NoiseHandshake noise = new(CipherSuite.ChaChaPoly, true, key.Secret, prologue, new byte[32]);
        noise.WriteMessage([], frame.AsSpan(88, 48));
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(56), (ushort)(frame.Length - 64));
        key.WriteHash(frame);
        b.ReceiveDatagram(1, frame);
        Assert.That(b.Peer(1).Paths, Has.Count.EqualTo(1));
    }

    // As another node would write it that has this suite.
    private static byte[] WithSuite(byte[] frame, byte suite)
    {
        byte[] other = [.. frame];
        other[64] = suite;
        SimulatedKeys.Instance.Find(SimulatedKeys.Id, 1, 2)!.WriteHash(other);
        return other;
    }
}
