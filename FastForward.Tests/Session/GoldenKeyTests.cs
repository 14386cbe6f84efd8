using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>
/// The handshake with a key and a sealed frame, byte for byte, of two nodes whose random numbers are known.
/// </summary>
public sealed class GoldenKeyTests
{
    [Test]
    public void Frames_with_a_key_equal_the_golden_frames()
    {
        Dictionary<string, byte[]> written = Write();
        Assert.Multiple(() =>
        {
            foreach (string name in GoldenFrames.WithKey)
                Assert.That(
                    $"{name}: {Convert.ToHexStringLower(written[name])}",
                    Is.EqualTo(
                        $"{name}: {Convert.ToHexStringLower(GoldenFrames.Version1.GetValueOrDefault(name) ?? [])}"
                    )
                );
        });
    }

    private static Dictionary<string, byte[]> Write()
    {
        Dictionary<string, byte[]> frames = [];
        Peers one = Start(25011, seed: 100);
        Peers two = Start(250012, seed: 200);
        Peer peer = one.GetOrAdd(250012);
        byte[] buffer = new byte[1200];
        SessionPath initiator = SessionPath.Initiate(
            peer,
            TransportKind.Ip,
            SimulatedNetwork.DatagramTraits,
            SimulatedLink.PlaceOf(2),
            0x55667788,
            new object(),
            0,
            SimulatedKeys.Id
        );
        peer.Add(initiator);
        byte[] init = Take("init-key", initiator, 1_000);
        Handshake.TryReadInit(init, out Handshake read);
        InitArrival arrival = new(TransportKind.Ip, true, SimulatedLink.PlaceOf(1));
        byte[] answer = new byte[Peers.LongestAnswer];
        InitDecision decision = two.Evaluate(2_000, read, init, arrival, answer, out _, out KeyExchange? exchange);
        Assert.That(decision, Is.EqualTo(InitDecision.Accept));
        SessionPath responder = two.Answer(
            2_000,
            read,
            arrival.Kind,
            SimulatedNetwork.DatagramTraits,
            arrival.Source,
            0x11223344,
            new object(),
            exchange
        );
        initiator.ReadFrame(3_000, Take("response-key", responder, 2_000));
        byte[] confirm = Take("confirm-key", initiator, 3_000);
        responder.ReadFrame(4_000, [.. confirm]);
        Assert.That(responder.IsEstablished, Is.True);
        while (!frames.TryGetValue("sealed", out byte[]? data) || data.Length > 100)
        {
            frames.Remove("sealed"); // a probe of the length of frames
            responder.ReadFrame(4_000, Take("sealed", initiator, 3_000));
        }

        Assert.That(responder.Arrivals.Received, Is.EqualTo(initiator.FramesSent));
        while (initiator.HasOutput(120_003_000) && !frames.ContainsKey("init-renewal"))
        {
            int length = initiator.WriteFrame(120_003_000, buffer, out _);
            if (buffer[1] == (byte)FrameType.Init)
                frames.Add("init-renewal", buffer[..length]);
        }

        responder.ReadFrame(120_004_000, [.. frames["init-renewal"]]);
        while (!frames.ContainsKey("response-renewal"))
        {
            int length = responder.WriteFrame(120_004_000, buffer, out _);
            if (buffer[1] == (byte)FrameType.Response)
                frames.Add("response-renewal", buffer[..length]);
        }

        // Another process of node 25011, while the first one is there.
        Handshake other = read with
        {
            Incarnation = 0x7777,
        };
        byte[] claim = new byte[WireFormat.Handshake + CryptoBlock.Overhead + 48];
        init.CopyTo(claim, 0);
        other.Write(claim);
        byte suite = (byte)Transport.Cryptography.CipherSuite.ChaChaPoly;
        int written = CryptoBlock.Write(claim, suite, isSealed: true, cookie: [], init.AsSpan(88, 48));
        SimulatedKeys.Instance.Find(SimulatedKeys.Id, 1, 2)!.WriteHash(claim);
        Assert.That(written, Is.EqualTo(claim.Length));
        decision = two.Evaluate(5_000, other, claim, arrival, answer, out int cookie, out _);
        Assert.That(decision, Is.EqualTo(InitDecision.Cookie));
        frames.Add("cookie", answer[..cookie]);
        return frames;

        byte[] Take(string name, SessionPath path, long now)
        {
            frames.Add(name, buffer[..path.WriteFrame(now, buffer, out _)]);
            return [.. frames[name]];
        }
    }

    private static Peers Start(uint node, ulong seed)
    {
        Rules rules = new();
        Peers peers = new(
            new SessionOptions
            {
                Node = node,
                Incarnation = 0x1111222233330000ul + node,
                Suite = Transport.Cryptography.CipherSuite.ChaChaPoly, // all machines have it
            },
            new EventRecorder(),
            new NodeStatistics(),
            rules,
            new MessageMemory(),
            new SessionRandom(static _ => 0, () => ++seed),
            SimulatedKeys.Instance,
            rules
        );
        peers.GetOrAdd(node == 25011 ? 250012u : 25011u);
        return peers;
    }

    private sealed class Rules : IAdmission, IPeerDriverFactory, IPeerDriver
    {
        public Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source) =>
            Admission.Granted;

        public bool IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source) => true;

        public string? Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source) => null;

        public IPeerDriver Create(Peer peer) => this;

        public void OnPending() { }

        public void OnPathFinished(SessionPath path) { }

        public PathWay WayOf(SessionPath path) => new(path.Kind);

        public int RankOf(SessionPath path) => PathRank.Unrouted;

        public void OnChanged(in PeerEvent change) { }
    }
}
