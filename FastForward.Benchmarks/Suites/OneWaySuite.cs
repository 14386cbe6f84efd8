using BenchmarkDotNet.Attributes;
using FastForward.Transport;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// The cost of a message through two complete nodes on one thread: send, frame, system calls, parse, delivery. No
/// thread waits for another one.
/// </summary>
[MemoryDiagnoser]
public class OneWaySuite
{
    private const int Messages = 1000;
    private const int AtOnce = 100;
    private readonly CountingHandler _received = new();
    private readonly byte[] _payload = new byte[64];
    private string _directory = null!;
    private BenchmarkNode _initiator = null!;
    private BenchmarkNode _responder = null!;

    [ParamsSource(nameof(Kinds))]
    public TransportKind Kind { get; set; }

    [Params(false, true)]
    public bool Sealed { get; set; }

    public static IEnumerable<TransportKind> Kinds => BenchmarkMedia.Available;

    [GlobalSetup]
    public void SetUp()
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        (_initiator, _responder) = BenchmarkNode.Pair(
            Kind,
            _directory,
            new CountingHandler(),
            _received,
            threads: 0,
            isSealed: Sealed
        );
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _initiator.Dispose();
        _responder.Dispose();
        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>To the node's own id: only the copy into the send store and the delivery from it.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void ToOneself()
    {
        for (int sent = 0; sent < Messages; sent += AtOnce)
        {
            for (int i = 0; i < AtOnce; i++)
                _initiator.Node.Send(_initiator.Id, 1, MessageClass.RealTime, _payload);
            while (_initiator.Loop.DoWork() > 0) { }
        }
    }

    /// <summary>One message per frame.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void OneByOne() => Send(1);

    /// <summary>A hundred messages per cycle of the loop, which share frames.</summary>
    [Benchmark(OperationsPerInvoke = Messages)]
    public void InHundreds() => Send(AtOnce);

    private void Send(int together)
    {
        for (int sent = 0; sent < Messages; sent += together)
        {
            long target = _received.Count + together;
            for (int i = 0; i < together; i++)
            {
                if (!_initiator.Node.Send(_responder.Id, 1, MessageClass.RealTime, _payload).IsAccepted)
                    throw new InvalidOperationException("The message was not accepted.");
            }

            while (_received.Count < target)
                _initiator.Loop.DoWork();
        }
    }
}
