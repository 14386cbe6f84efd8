using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// The cost of <see cref="ForwardClient"/> compared with a handler on the loop thread: the same messages between the
/// same nodes over UNIX sockets. The loops use <see cref="IdleStrategy.Adaptive"/>, the default.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes of everything.")]
[SuppressMessage("Reliability", "CA2012", Justification = "Each send under way is awaited once.")]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class ClientSuite
{
    private const int Trips = 100;
    private const int Messages = 1000;
    private const int InFlight = 100;
    private readonly CountingHandler _answers = new();
    private readonly EchoHandler _echo = new();
    private readonly ForwardClient _initiatorClient = new();
    private readonly ForwardClient _responderClient = new();
    private readonly byte[] _payload = new byte[64];
    private readonly ValueTask<SendResult>[] _sends = new ValueTask<SendResult>[InFlight];
    private string _directory = null!;
    private BenchmarkNode _initiator = null!;
    private BenchmarkNode _responder = null!;
    private ForwardReceiver _receiver = null!;
    private IAsyncEnumerator<ForwardMessage> _reader = null!;
    private Task _echoing = Task.CompletedTask;
    private CountingHandler _counted = null!;

    [GlobalSetup(Target = nameof(Handler_round_trip))]
    public void SetUpHandlers() => Pair(_answers, _echo, threads: 1);

    [GlobalSetup(Target = nameof(Client_round_trip))]
    public void SetUpClients()
    {
        _receiver = _initiatorClient.Receive();
        ForwardReceiver responder = _responderClient.Receive();
        Pair(_initiatorClient, _responderClient, threads: 2);
        _reader = _receiver.ReadAllAsync().GetAsyncEnumerator();
        _echoing = Task.Run(async () =>
        {
            await foreach (ForwardMessage message in responder.ReadAllAsync())
                await _responderClient.SendAsync(message.Node, message.Stream, message.Class, message.Payload);
        });
    }

    [GlobalSetup(Targets = [nameof(Handler_stream)])]
    public void SetUpHandlerStream()
    {
        _counted = new CountingHandler();
        Pair(_answers, _counted, threads: 1);
    }

    [GlobalSetup(Targets = [nameof(Client_send), nameof(Client_send_100_in_flight)])]
    public void SetUpClientSend()
    {
        _counted = new CountingHandler();
        Pair(_initiatorClient, _counted, threads: 2);
    }

    [GlobalSetup(Target = nameof(Client_stream))]
    public void SetUpClientStream()
    {
        _receiver = _responderClient.Receive();
        Pair(_initiatorClient, _responderClient, threads: 2);
        _reader = _receiver.ReadAllAsync().GetAsyncEnumerator();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _initiator.Dispose();
        _responder.Dispose();
        _initiatorClient.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _responderClient.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _echoing.GetAwaiter().GetResult();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Trips), BenchmarkCategory("round trip")]
    public void Handler_round_trip()
    {
        for (int i = 0; i < Trips; i++)
        {
            long target = _answers.Count + 1;
            _initiator.Node.Send(_responder.Id, 1, MessageClass.Reliable, _payload);
            while (_answers.Count < target)
                _initiator.Loop.DoWork();
        }
    }

    [Benchmark(OperationsPerInvoke = Trips), BenchmarkCategory("round trip")]
    public async Task Client_round_trip()
    {
        for (int i = 0; i < Trips; i++)
        {
            await Send();
            await _reader.MoveNextAsync();
        }
    }

    /// <summary>Messages one way, as fast as they are accepted.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public void Handler_stream()
    {
        long target = _counted.Count + Messages;
        int sent = 0;
        while (sent < Messages)
        {
            if (_initiator.Node.Send(_responder.Id, 1, MessageClass.Reliable, _payload).IsAccepted)
                sent++;
            if (sent % InFlight == 0)
                _initiator.Loop.DoWork();
        }

        while (_counted.Count < target)
            _initiator.Loop.DoWork();
    }

    /// <summary>Each send is awaited before the next one; a handler receives.</summary>
    [Benchmark(OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public async Task Client_send()
    {
        for (int i = 0; i < Messages; i++)
            await Send();
    }

    /// <summary>A hundred sends are started before the first one is awaited; a handler receives.</summary>
    [Benchmark(OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public async Task Client_send_100_in_flight()
    {
        for (int sent = 0; sent < Messages; sent += InFlight)
            await SendMany();
    }

    /// <summary>A hundred sends in flight; an enumeration receives.</summary>
    [Benchmark(OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public async Task Client_stream()
    {
        for (int sent = 0; sent < Messages; sent += InFlight)
        {
            await SendMany();
            for (int i = 0; i < InFlight; i++)
                await _reader.MoveNextAsync();
        }
    }

    private async ValueTask SendMany()
    {
        for (int i = 0; i < InFlight; i++)
            _sends[i] = Send();
        for (int i = 0; i < InFlight; i++)
        {
            if (!(await _sends[i]).IsAccepted)
                throw new InvalidOperationException("The message was not accepted.");
        }
    }

    private ValueTask<SendResult> Send() =>
        _initiatorClient.SendAsync(_responder.Id, 1, MessageClass.Reliable, _payload);

    private void Pair(IForwardHandler initiator, IForwardHandler responder, int threads)
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        (_initiator, _responder) = BenchmarkNode.Pair(
            TransportKind.Socket,
            _directory,
            initiator,
            responder,
            threads,
            IdleStrategy.Adaptive
        );
        _echo.Node = _responder.Node;
    }
}
