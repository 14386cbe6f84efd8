using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Benchmarks.Suites;

/// <summary>
/// What <see cref="ForwardClient"/> costs beside a handler on the loop thread: the same messages between the same nodes over
/// UNIX sockets. The loops idle adaptively, as they do in an ordinary program.
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
    private readonly ForwardClient _nearClient = new();
    private readonly ForwardClient _farClient = new();
    private readonly byte[] _payload = new byte[64];
    private readonly ValueTask<SendResult>[] _sends = new ValueTask<SendResult>[InFlight];
    private string _directory = null!;
    private BenchmarkNode _near = null!;
    private BenchmarkNode _far = null!;
    private ForwardReceiver _receiver = null!;
    private IAsyncEnumerator<ForwardMessage> _reader = null!;
    private Task _echoing = Task.CompletedTask;
    private CountingHandler _counted = null!;

    [GlobalSetup(Target = nameof(Handler_round_trip))]
    public void SetUpHandlers() => Pair(_answers, _echo, threads: 1);

    [GlobalSetup(Target = nameof(Client_round_trip))]
    public void SetUpClients()
    {
        _receiver = _nearClient.Receive();
        ForwardReceiver far = _farClient.Receive();
        Pair(_nearClient, _farClient, threads: 2);
        _reader = _receiver.ReadAllAsync().GetAsyncEnumerator();
        _echoing = Task.Run(async () =>
        {
            await foreach (ForwardMessage message in far.ReadAllAsync())
                await _farClient.SendAsync(message.Node, message.Stream, message.Class, message.Payload);
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
        Pair(_nearClient, _counted, threads: 2);
    }

    [GlobalSetup(Target = nameof(Client_stream))]
    public void SetUpClientStream()
    {
        _receiver = _farClient.Receive();
        Pair(_nearClient, _farClient, threads: 2);
        _reader = _receiver.ReadAllAsync().GetAsyncEnumerator();
    }

    [GlobalCleanup]
    public void CleanUp()
    {
        _near.Dispose();
        _far.Dispose();
        _nearClient.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _farClient.DisposeAsync().AsTask().GetAwaiter().GetResult();
        _echoing.GetAwaiter().GetResult();
        Directory.Delete(_directory, recursive: true);
    }

    [Benchmark(Baseline = true, OperationsPerInvoke = Trips), BenchmarkCategory("round trip")]
    public void Handler_round_trip()
    {
        for (int i = 0; i < Trips; i++)
        {
            long target = _answers.Count + 1;
            _near.Node.Send(_far.Id, 1, MessageClass.Reliable, _payload);
            while (_answers.Count < target)
                _near.Loop.DoWork();
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

    /// <summary>Messages one way, as fast as they are taken.</summary>
    [Benchmark(Baseline = true, OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public void Handler_stream()
    {
        long target = _counted.Count + Messages;
        int sent = 0;
        while (sent < Messages)
        {
            if (_near.Node.Send(_far.Id, 1, MessageClass.Reliable, _payload).IsAccepted)
                sent++;
            if (sent % InFlight == 0)
                _near.Loop.DoWork();
        }

        while (_counted.Count < target)
            _near.Loop.DoWork();
    }

    /// <summary>Each send awaited before the next one; a handler receives.</summary>
    [Benchmark(OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public async Task Client_send()
    {
        for (int i = 0; i < Messages; i++)
            await Send();
    }

    /// <summary>A hundred sends before the first one is awaited; a handler receives.</summary>
    [Benchmark(OperationsPerInvoke = Messages), BenchmarkCategory("one way")]
    public async Task Client_send_100_in_flight()
    {
        for (int sent = 0; sent < Messages; sent += InFlight)
            await SendMany();
    }

    /// <summary>A hundred sends at once, and an enumeration receives.</summary>
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

    private ValueTask<SendResult> Send() => _nearClient.SendAsync(_far.Id, 1, MessageClass.Reliable, _payload);

    private void Pair(IForwardHandler near, IForwardHandler far, int threads)
    {
        _directory = Directory.CreateTempSubdirectory("ff-bench-").FullName;
        (_near, _far) = BenchmarkNode.Pair(TransportKind.Socket, _directory, near, far, threads, IdleStrategy.Adaptive);
        _echo.Node = _far.Node;
    }
}
