using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// The session alone, without system calls: writes messages into frames and reads them. Times are per frame.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes of everything.")]
public class FrameSuite
{
    private const int Frames = 1000;
    private readonly byte[] _payload = new byte[64];
    private readonly byte[] _frame = new byte[SessionPair.FrameSize];
    private readonly byte[][] _written = new byte[Frames][];
    private SessionPair _pair = null!;

    [Params(1, 20)]
    public int Messages { get; set; }

    [Params(false, true)]
    public bool Sealed { get; set; }

    [GlobalSetup]
    public void SetUp() => _pair = new SessionPair(Sealed, isOrdered: true);

    [GlobalCleanup]
    public void CleanUp() => _pair.Dispose();

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
            _pair.In.ReadFrame(0, _written[i]);
    }

    /// <summary>Write and read.</summary>
    [Benchmark(OperationsPerInvoke = Frames)]
    public void WriteAndRead()
    {
        for (int i = 0; i < Frames; i++)
            _pair.In.ReadFrame(0, _frame.AsSpan(0, WriteOne()));
    }

    private int WriteOne() => _pair.Write(_payload, Messages, _frame);
}
