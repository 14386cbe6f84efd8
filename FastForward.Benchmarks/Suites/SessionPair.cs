using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Benchmarks.Suites;

/// <summary>The sessions of two nodes with one path between them, without system calls.</summary>
internal sealed class SessionPair : IDisposable
{
    public const int FrameSize = 4096;
    public const uint Initiator = 1;
    public const uint Responder = 2;
    public const uint KeyId = 7;

    private readonly OneKey _keys = new();
    private readonly byte[] _frame = new byte[FrameSize];
    private readonly Peers _initiator;
    private ulong _nonce;

    /// <param name="isSealed">The nodes have a key, and frames are sealed.</param>
    /// <param name="isOrdered">The medium loses and reorders nothing.</param>
    public SessionPair(bool isSealed, bool isOrdered)
    {
        LinkTraits traits = new()
        {
            Reliable = isOrdered,
            Ordered = isOrdered,
            ConnectionOriented = isOrdered,
            DetectsPeerDeath = isOrdered,
            MaxFrameSize = FrameSize,
            HostLocal = true,
        };
        TransportKind kind = isOrdered ? TransportKind.Socket : TransportKind.Ip;
        _initiator = Start(Initiator, new NodeStatistics());
        Answering = Start(Responder, Statistics);
        Peer peer = _initiator.GetOrAdd(Responder);
        Out = SessionPath.Initiate(peer, kind, traits, default, 1, this, 0, isSealed ? KeyId : 0);
        peer.Add(Out);
        Span<byte> written = Written(Out);
        InitArrival arrival = new(kind, IsHostLocal: true, default);
        byte[] answer = new byte[Peers.LongestAnswer];
        if (
            !Handshake.TryRead(written, out Handshake init)
            || Answering.Evaluate(0, init, written, arrival, answer, out _, out KeyExchange? exchange)
                != InitDecision.Accept
        )
            throw new InvalidOperationException("The INIT was not accepted.");
        In = Answering.Answer(0, init, kind, traits, default, 2, this, exchange);
        Out.ReadFrame(0, Written(In));
        while (Out.HasOutput(0) || In.HasOutput(0))
        {
            if (Out.HasOutput(0))
                In.ReadFrame(0, Written(Out));
            if (In.HasOutput(0))
                Out.ReadFrame(0, Written(In));
        }

        if (peer.State != PeerState.Connected || Out.IsSealed != isSealed)
            throw new InvalidOperationException("The handshake did not succeed.");
    }

    /// <summary>The path at the node that sends.</summary>
    public SessionPath Out { get; }

    /// <summary>The path at the node that receives.</summary>
    public SessionPath In { get; }

    /// <summary>The node that receives.</summary>
    public Peers Answering { get; }

    /// <summary>The counters of the node that receives.</summary>
    public NodeStatistics Statistics { get; } = new();

    /// <summary>The key of both nodes.</summary>
    public PairKey Key => _keys.Key;

    /// <summary>Sends messages and writes them into one frame.</summary>
    public int Write(ReadOnlySpan<byte> payload, int messages, Span<byte> frame)
    {
        Peer peer = _initiator.GetOrAdd(Responder);
        for (int i = 0; i < messages; i++)
            peer.Send(0, 1, MessageClass.RealTime, payload, end: false);
        return Out.WriteFrame(0, frame, out _);
    }

    /// <summary>The first frame of someone who connects as the initiator, with a key of his choice.</summary>
    public byte[] WriteInit(PairKey key)
    {
        Handshake init = new()
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = 100,
            KeyId = key.Id,
            From = Initiator,
            To = Responder,
            Incarnation = 77,
            Epoch = 1,
        };
        byte[] frame = new byte[KeyExchange.LongestFrame];
        init.Write(frame);
        using KeyExchange exchange = KeyExchange.Initiate(
            key,
            Transport.Cryptography.CipherSuite.ChaChaPoly,
            isSealed: true,
            init,
            before: [],
            NewRandom()
        );
        exchange.Write(key, frame, cookie: []);
        return frame;
    }

    public void Dispose()
    {
        Out.Finish(0, "the end");
        In.Finish(0, "the end");
        _keys.Key.Dispose();
    }

    private Span<byte> Written(SessionPath path) => _frame.AsSpan(0, path.WriteFrame(0, _frame, out _));

    private SessionRandom NewRandom() => new(static _ => 0, () => ++_nonce);

    private Peers Start(uint node, NodeStatistics statistics)
    {
        Peers peers = new(
            new SessionOptions
            {
                Node = node,
                Incarnation = node,
                SendStoreBytes = 1 << 28,
            },
            new NoEvents(),
            statistics,
            new AnyAdmission(),
            new MessageMemory(),
            NewRandom(),
            _keys,
            new NoDriver()
        );
        peers.GetOrAdd(Initiator);
        peers.GetOrAdd(Responder);
        return peers;
    }

    // Nothing but a key says who is who, so that a forged INIT gets no answer.
    private sealed class AnyAdmission : IAdmission
    {
        public Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source) =>
            Admission.Granted;

        public bool IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source) => false;

        public string? Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source) => null;
    }

    private sealed class OneKey : IKeySource
    {
        public PairKey Key { get; } = new(KeyId, "a key of nothing but benchmarks."u8, [Initiator, Responder]);

        public PairKey? Find(uint keyId, uint node, uint other) => keyId == KeyId ? Key : null;
    }

    private sealed class NoEvents : ISessionEvents
    {
        public void Message(in ReceivedMessage message) { }

        public void StreamEnded(in StreamEnd end) { }

        public void Writable(uint node, ulong stream, IRoomOwner owner) { }

        public void Undelivered(in Undelivered report) { }

        public void PeerChanged(in PeerEvent change) { }

        public void PingEnded(in PingResult result, Action<PingResult> callback) { }
    }

    private sealed class NoDriver : IPeerDriver, IPeerDriverFactory
    {
        public IPeerDriver Create(Peer peer) => this;

        public void OnPending() { }

        public void OnPathFinished(SessionPath path) { }

        public PathWay WayOf(SessionPath path) => new(path.Kind);

        public int RankOf(SessionPath path) => PathRank.Unrouted;

        public void OnChanged(in PeerEvent change) { }
    }
}
