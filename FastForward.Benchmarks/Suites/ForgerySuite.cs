using System.Buffers.Binary;
using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// What the session spends on a datagram that proves nothing, without system calls. Times are per datagram.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes of everything.")]
public class ForgerySuite
{
    private const int Frames = 1000;
    private const int PacketNumber = 8;
    private static readonly InitArrival s_arrival = new(TransportKind.Ip, IsHostLocal: true, default);

    private readonly byte[] _answer = new byte[Peers.LongestAnswer];
    private SessionPair _pair = null!;
    private byte[] _genuine = null!;
    private byte[] _forged = null!;
    private byte[] _long = null!;
    private byte[] _otherGeneration = null!;
    private byte[] _unknownKey = null!;
    private byte[] _wrongHash = null!;
    private byte[] _former = null!;

    [GlobalSetup]
    public void SetUp()
    {
        _pair = new SessionPair(isSealed: true, isOrdered: false);
        _genuine = Write(64);
        _forged = [.. _genuine];
        _long = Write(1100);
        _otherGeneration = [.. _genuine];
        _otherGeneration[WireFormat.Generation] = 200;
        foreach (byte[] frame in new[] { _forged, _long, _otherGeneration })
            BinaryPrimitives.WriteUInt64LittleEndian(frame.AsSpan(PacketNumber), 1_000_000);
        _pair.In.ReadFrame(0, [.. _genuine]);
        byte[] secret = new byte[32];
        secret[0] = 1;
        uint[] nodes = [SessionPair.Initiator, SessionPair.Responder];
        using PairKey unknown = new(SessionPair.KeyId + 1, secret, nodes);
        using PairKey wrong = new(SessionPair.KeyId, secret, nodes);
        _unknownKey = _pair.WriteInit(unknown);
        _wrongHash = _pair.WriteInit(wrong);
        _former = _pair.WriteInit(_pair.Key);
        foreach (byte[] frame in new[] { _forged, _long, _otherGeneration, _genuine })
            _pair.In.ReadFrame(0, frame);
        if (_pair.Statistics is not { ForgedFrames: 3, ReplayedFrames: 1 })
            throw new InvalidOperationException("The frames were taken for others.");
    }

    [GlobalCleanup]
    public void CleanUp() => _pair.Dispose();

    [Benchmark(OperationsPerInvoke = Frames)]
    public void WrongTag() => Read(_forged);

    /// <summary>With a message of 1100 bytes instead of 64.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void WrongTagOfLongFrame() => Read(_long);

    [Benchmark(OperationsPerInvoke = Frames)]
    public void UnknownGeneration() => Read(_otherGeneration);

    [Benchmark(OperationsPerInvoke = Frames)]
    public void Replay() => Read(_genuine);

    [Benchmark(OperationsPerInvoke = Frames)]
    public void InitOfUnknownKey() => Introduce(_unknownKey, InitDecision.Drop);

    [Benchmark(OperationsPerInvoke = Frames)]
    public void InitWithWrongHash() => Introduce(_wrongHash, InitDecision.Drop);

    /// <summary>A genuine one of a process that is gone, sent again: it is answered by a COOKIE.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void ReplayedInit() => Introduce(_former, InitDecision.Cookie);

    private byte[] Write(int bytes)
    {
        byte[] frame = new byte[SessionPair.FrameSize];
        return frame[.._pair.Write(new byte[bytes], 1, frame)];
    }

    private void Read(byte[] frame)
    {
        for (int i = 0; i < Frames; i++)
            _pair.In.ReadFrame(0, frame);
    }

    private void Introduce(byte[] frame, InitDecision expected)
    {
        for (int i = 0; i < Frames; i++)
        {
            Handshake.TryReadInit(frame, out Handshake init);
            if (_pair.Answering.Evaluate(0, init, frame, s_arrival, _answer, out _, out _) != expected)
                throw new InvalidOperationException("The frame was taken for another one.");
        }
    }
}
