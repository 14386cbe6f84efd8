using System.Diagnostics;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>One round of one contestant: two fresh processes, warm-up, measurement, end.</summary>
internal static class Round
{
    /// <summary>Extra time for a round beyond warm-up and measurement: process start, connecting, report.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan s_exitGrace = TimeSpan.FromMilliseconds(500);

    public static async Task<RoundResult> RunAsync(
        SidePlan plan,
        Pinning pinning,
        FloorProgram? floor,
        CancellationToken cancellation
    )
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("fastforward-round-");
        TimeSpan limit = TimeSpan.FromMicroseconds(plan.WarmUpMicros + plan.MeasureMicros) + s_slack;
        using CancellationTokenSource deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        deadline.CancelAfter(limit);
        try
        {
            (int client, int server) = FreePorts.FindTwo();
            plan = plan with { Directory = directory.FullName, ClientPort = client, ServerPort = server };
            return await RunPairAsync(plan, pinning, floor, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchmarkFailure(
                $"{plan.Implementation} over {plan.Transport} did not end within {limit.TotalSeconds:0} s "
                    + "and was killed"
            );
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    private static async Task<RoundResult> RunPairAsync(
        SidePlan plan,
        Pinning pinning,
        FloorProgram? floor,
        CancellationToken cancellation
    )
    {
        using SideProcess server = SideProcess.Start(plan with { Role = Role.Server, Cpu = pinning.Server }, floor);
        string[] ready = await server.ExpectAsync("ready", cancellation).ConfigureAwait(false);
        using SideProcess client = SideProcess.Start(
            plan with
            {
                Role = Role.Client,
                Cpu = pinning.Client,
                ServerAddress = ready[0],
            },
            floor
        );
        Task<RoundResult> result = MeasureAsync(plan, client, server, cancellation);
        if (
            await Task.WhenAny(result, client.Ended, server.Ended).ConfigureAwait(false) == result
            && result.IsCompletedSuccessfully
        )
            return result.Result;

        // If one process fails, the other usually fails shortly after; wait briefly to report both.
        await Task.WhenAny(Task.WhenAll(client.Ended, server.Ended), Task.Delay(s_exitGrace, cancellation))
            .ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested(); // a terminal sends Ctrl-C to all processes at once
        if (client.DescribeEnd() is null && server.DescribeEnd() is null)
            return await result.ConfigureAwait(false);
        throw new BenchmarkFailure(
            string.Join(", ", new[] { client.DescribeEnd(), server.DescribeEnd() }.OfType<string>())
        );
    }

    private static async Task<RoundResult> MeasureAsync(
        SidePlan plan,
        SideProcess client,
        SideProcess server,
        CancellationToken cancellation
    )
    {
        await client.ExpectAsync("begin", cancellation).ConfigureAwait(false);

        // The first reply includes one-time allocations and JIT compilation; it is discarded.
        await server.MarkAsync(cancellation).ConfigureAwait(false);
        (long Messages, long Allocated)? before = await server.MarkAsync(cancellation).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        long? usedBefore = client.ProcessorTime() + server.ProcessorTime();
        client.Go();
        string[] measured = await client.ExpectAsync("measured", cancellation).ConfigureAwait(false);
        long? used = client.ProcessorTime() + server.ProcessorTime() - usedBefore;
        double wall = Stopwatch.GetElapsedTime(started).TotalNanoseconds;
        IReadOnlyList<(long, long)> times = await client.ReadTimesAsync(cancellation).ConfigureAwait(false);
        bool oneWay = plan.Workload is WorkloadKind.Voice or WorkloadKind.Stream;
        if (oneWay)
            times = await server.ReadTimesAsync(cancellation).ConfigureAwait(false);
        (long Messages, long Allocated)? after = await server.MarkAsync(cancellation).ConfigureAwait(false);

        long[] numbers = [.. measured.Select(ChildProgram.Number)];
        double? allocated = null;
        if (
            before is { } first
            && after is { } last
            && numbers[3] >= 0
            && numbers[0] > 0
            && last.Messages > first.Messages
        )
            allocated =
                ((double)numbers[3] / numbers[0])
                + ((double)(last.Allocated - first.Allocated) / (last.Messages - first.Messages));
        return new RoundResult
        {
            Sent = numbers[0],
            Received = numbers[1],
            ElapsedNanos = numbers[2],
            Times = times,
            AllocatedBytesPerMessage = allocated,
            CpuPercent = used / wall * 100,
        };
    }
}
