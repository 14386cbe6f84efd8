using BenchmarkDotNet.Attributes;
using FastForward.Transport;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// What a message costs through two whole nodes on one thread: send, frame, system calls, parse, hand over. No thread waits
/// for another one.
/// </summary>
[MemoryDiagnoser]
public class OneWaySuite
{
    private const int Messages = 1000;
    private const int AtOnce = 100;
    private readonly CountingHandler _received = new();
    private readonly byte[] _payload = new byte[64];
    private string _directory = null!;
    private BenchmarkNode _near = null!;
    private BenchmarkNode _far = null!;

    [ParamsSource(nameof(Kinds))]
    public TransportKind Kind { get; set; }

    public static IEnumerable<TransportKind> Kinds => BenchmarkMedia.Available;

    [GlobalSetup]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        (_near, _far) = BenchmarkNode.Pair(Kind, _directory, new CountingHandler(), _received, threads: 0);
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _near.Dispose();
        _far.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Only the copy into the send store and its way out of it again, to the node's own id.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void ToOneself()
    {
        for (int sent = 0; sent < Messages; sent += AtOnce)
        {
            for (int i = 0; i < AtOnce; i++)
                _near.Node.Send(_near.Id, 1, MessageClass.RealTime, _payload);
            while (_near.Loop.DoWork() > 0) { }
        }
    }

    /// <summary>One message in each frame.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void OneByOne() => Send(1);

    /// <summary>A hundred messages in each cycle of the loop: they share frames.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void InHundreds() => Send(AtOnce);

    private void Send(int together)
    {
        for (int sent = 0; sent < Messages; sent += together)
        {
            long target = _received.Count + together;
            for (int i = 0; i < together; i++)
            {
                if (!_near.Node.Send(_far.Id, 1, MessageClass.RealTime, _payload).IsAccepted)
                    throw new InvalidOperationException("The message was not accepted.");
            }

            while (_received.Count < target)
                _near.Loop.DoWork();
        }
    }
}
