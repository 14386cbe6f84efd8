using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using BenchmarkDotNet.Attributes;
using Tarantool.Client;

namespace FastForward.Benchmarks.Tarantool;

/// <summary>
/// Tarantool.Client and a minimal C client against the same server on the same UNIX socket. The C client's operations
/// are repeated within its process, so that the cost of requesting them is negligible.
/// </summary>
[MemoryDiagnoser]
[SuppressMessage("Design", "CA1001", Justification = "GlobalCleanup disposes the server.")]
[SuppressMessage("Reliability", "CA2012", Justification = "Each pipelined request is awaited once.")]
[SimpleJob(warmupCount: 3, iterationCount: 10)]
[GroupBenchmarksBy(BenchmarkDotNet.Configs.BenchmarkLogicalGroupRule.ByCategory)]
[CategoriesColumn]
public class TarantoolBenchmarks
{
    private const int InFlight = 1000;
    private const int Repeat = 1000;
    private const int RepeatSelect = 10;
    private const int LatencyRounds = 7;
    private const int LatencyPings = 5000;
    private static readonly TarantoolTuple s_key = [5000];
    private readonly ValueTask<City>[] _selects = new ValueTask<City>[InFlight];
    private BenchmarkServer _server = null!;
    private TarantoolClient _client = null!;

    [GlobalSetup]
    public async Task Setup()
    {
        _server = new BenchmarkServer();
        _client = await TarantoolClient.ConnectAsync(_server.Options);
    }

    [GlobalCleanup(Target = nameof(Ping))]
    public async Task CleanupAfterPing()
    {
        if (_server.HasClient)
            await ReportLatencyAsync();
        await Cleanup();
    }

    [GlobalCleanup]
    public async Task Cleanup()
    {
        await _client.DisposeAsync();
        _server.Dispose();
    }

    [BenchmarkCategory("ping"), Benchmark(OperationsPerInvoke = Repeat)]
    public async Task Ping()
    {
        for (int i = 0; i < Repeat; i++)
            await _client.PingAsync();
    }

    [BenchmarkCategory("ping"), Benchmark(Baseline = true, OperationsPerInvoke = Repeat)]
    public long Ping_C() => _server.Run("ping", Repeat);

    [BenchmarkCategory("select one"), Benchmark(OperationsPerInvoke = Repeat)]
    public async Task SelectOne()
    {
        for (int i = 0; i < Repeat; i++)
            await _client.GetAsync<City>(1000, s_key);
    }

    [BenchmarkCategory("select one"), Benchmark(Baseline = true, OperationsPerInvoke = Repeat)]
    public long SelectOne_C() => _server.Run("select_one", Repeat);

    [BenchmarkCategory("select 10,000"), Benchmark(OperationsPerInvoke = RepeatSelect)]
    public async Task Select10000()
    {
        for (int i = 0; i < RepeatSelect; i++)
            await _client.SelectAsync<City>(1000, []);
    }

    [BenchmarkCategory("select 10,000"), Benchmark(Baseline = true, OperationsPerInvoke = RepeatSelect)]
    public long Select10000_C() => _server.Run("select_all", RepeatSelect);

    [BenchmarkCategory("1,000 in flight"), Benchmark(OperationsPerInvoke = InFlight)]
    public async Task Pipelined()
    {
        for (int i = 0; i < InFlight; i++)
            _selects[i] = _client.GetAsync<City>(1000, s_key);
        for (int i = 0; i < InFlight; i++)
            await _selects[i];
    }

    [BenchmarkCategory("1,000 in flight"), Benchmark(Baseline = true, OperationsPerInvoke = InFlight)]
    public long Pipelined_C() => _server.Run("pipeline", 1);

    /// <summary>
    /// Prints the medians of single pings in alternating rounds, which the means in the table do not show.
    /// </summary>
    private async Task ReportLatencyAsync()
    {
        List<double> ours = new();
        List<double> theirs = new();
        long[] times = new long[LatencyPings];
        for (int round = 0; round < LatencyRounds; round++)
        {
            theirs.Add(_server.Run("ping", LatencyPings) / 1000.0);
            for (int i = 0; i < LatencyPings; i++)
            {
                long start = Stopwatch.GetTimestamp();
                await _client.PingAsync();
                times[i] = Stopwatch.GetTimestamp() - start;
            }

            Array.Sort(times);
            ours.Add(Stopwatch.GetElapsedTime(0, times[LatencyPings / 2]).TotalMicroseconds);
        }

        ours.Sort();
        theirs.Sort();
        Console.WriteLine(
            $"// Ping p50, median of {LatencyRounds} alternating rounds of {LatencyPings}: "
                + $"{ours[LatencyRounds / 2]:0.0} us, in C {theirs[LatencyRounds / 2]:0.0} us"
        );
    }
}
