using BenchmarkDotNet.Attributes;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// The session alone, without system calls: writes messages into frames and reads them. Times are per frame.
/// </summary>
[MemoryDiagnoser]
public class FrameSuite
{
    private const int Frames = 1000;
    private const int FrameSize = 4096;
    private const uint Initiator = 1;
    private const uint Responder = 2;
    private readonly byte[] _payload = new byte[64];
    private readonly byte[] _frame = new byte[FrameSize];
    private readonly byte[][] _written = new byte[Frames][];
    private Peers _initiator = null!;
    private Peers _responder = null!;
    private SessionPath _out = null!;
    private SessionPath _in = null!;

    [Params(1, 20)]
    public int Messages { get; set; }

    [GlobalSetup]
    public void SetUp() => Connect();

    /// <summary>Frames for one invocation of the read benchmark; each can be read once.</summary>
    [IterationSetup(Target = nameof(Read))]
    public void WriteFrames()
    {
        for (int i = 0; i < Frames; i++)
            _written[i] = _frame.AsSpan(0, WriteOne()).ToArray();
    }

    /// <summary>Send and WriteFrame.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public int Write()
    {
        int bytes = 0;
        for (int i = 0; i < Frames; i++)
            bytes += WriteOne(); // the frames are not read
        return bytes;
    }

    /// <summary>ReadFrame, including the call of the application.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void Read()
    {
        for (int i = 0; i < Frames; i++)
            _in.ReadFrame(0, _written[i]);
    }

    /// <summary>Write and read.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void WriteAndRead()
    {
        for (int i = 0; i < Frames; i++)
            _in.ReadFrame(0, _frame.AsSpan(0, WriteOne()));
    }

    private int WriteOne()
    {
        Peer peer = _initiator.GetOrAdd(Responder);
        for (int i = 0; i < Messages; i++)
            peer.Send(0, 1, MessageClass.RealTime, _payload, end: false);
        return _out.WriteFrame(0, _frame, out _);
    }

    // The handshake: INIT, RESPONSE, CONFIRM.
    private void Connect()
    {
        LinkTraits traits = new()
        {
            Reliable = true,
            Ordered = true,
            ConnectionOriented = true,
            DetectsPeerDeath = true,
            MaxFrameSize = FrameSize,
            HostLocal = true,
        };
        _initiator = Start(Initiator);
        _responder = Start(Responder);
        Peer peer = _initiator.GetOrAdd(Responder);
        _out = SessionPath.Initiate(peer, TransportKind.Socket, traits, default, 1, this, 0);
        peer.Add(_out);
        int length = _out.WriteFrame(0, _frame, out _);
        if (!Handshake.TryRead(_frame.AsSpan(0, length), out Handshake init))
            throw new InvalidOperationException("Expected an INIT.");
        _in = _responder.Answer(0, init, TransportKind.Socket, traits, default, 2, this);
        _out.ReadFrame(0, Written(_in));
        while (_out.HasOutput(0) || _in.HasOutput(0))
        {
            if (_out.HasOutput(0))
                _in.ReadFrame(0, Written(_out));
            if (_in.HasOutput(0))
                _out.ReadFrame(0, Written(_in));
        }

        if (peer.State != PeerState.Connected)
            throw new InvalidOperationException("The handshake did not succeed.");

        Span<byte> Written(SessionPath path) => _frame.AsSpan(0, path.WriteFrame(0, _frame, out _));
    }

    private static Peers Start(uint node)
    {
        Peers peers = new(
            new SessionOptions
            {
                Node = node,
                Incarnation = node,
                SendStoreBytes = 1 << 28,
            },
            new NoEvents(),
            new NodeStatistics(),
            new AnyAdmission(),
            new MessageMemory(),
            new SessionRandom(static _ => 0, static () => 1),
            new NoKeys(),
            new NoDriver()
        );
        peers.GetOrAdd(Initiator);
        peers.GetOrAdd(Responder);
        return peers;
    }

    private sealed class AnyAdmission : IAdmission
    {
        public Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source) =>
            Admission.Granted;

        public bool IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source) => true;

        public string? Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source) => null;
    }

    private sealed class NoKeys : IKeySource
    {
        public PairKey? Find(uint keyId, uint node, uint other) => null;
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
