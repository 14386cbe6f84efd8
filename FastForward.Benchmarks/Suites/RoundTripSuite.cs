using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using FastForward.Transport;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// A round trip between two complete nodes, each on a spinning thread, compared with raw sockets of the same kind.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes of everything.")]
public class RoundTripSuite
{
    private const int Trips = 100;
    private readonly CountingHandler _answers = new();
    private readonly EchoHandler _echo = new();
    private string _directory = null!;
    private RawSocketPair _raw = null!;
    private BenchmarkNode _initiator = null!;
    private BenchmarkNode _responder = null!;
    private byte[] _payload = null!;

    [ParamsSource(nameof(Kinds))]
    public TransportKind Kind { get; set; }

    [Params(64, 1100)]
    public int Bytes { get; set; }

    public static IEnumerable<TransportKind> Kinds => BenchmarkMedia.Available;

    [GlobalSetup(Target = nameof(RawSocket))]
    public void SetUpRaw()
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        _payload = new byte[Bytes];
        _raw = new RawSocketPair(Kind, _directory);
    }

    [GlobalCleanup(Target = nameof(RawSocket))]
    public void CleanUpRaw()
    {
        _raw.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [GlobalSetup(Target = nameof(Nodes))]
    public void SetUpNodes()
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        _payload = new byte[Bytes];
        (_initiator, _responder) = BenchmarkNode.Pair(Kind, _directory, _answers, _echo, threads: 1);
        _echo.Node = _responder.Node;
    }

    [GlobalCleanup(Target = nameof(Nodes))]
    public void CleanUpNodes()
    {
        _initiator.Dispose();
        _responder.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Trips)]
    public void RawSocket()
    {
        for (int i = 0; i < Trips; i++)
            _raw.RoundTrip(_payload);
    }

    [Benchmark(OperationsPerInvoke = Trips)]
    public void Nodes()
    {
        for (int i = 0; i < Trips; i++)
        {
            long target = _answers.Count + 1;
            if (!_initiator.Node.Send(_responder.Id, 1, MessageClass.RealTime, _payload).IsAccepted)
                throw new InvalidOperationException("The message was not accepted.");
            while (_answers.Count < target)
                _initiator.Loop.DoWork();
        }
    }
}
