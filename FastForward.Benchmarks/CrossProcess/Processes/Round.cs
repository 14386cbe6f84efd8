using System.Diagnostics;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>One round of one contestant: two fresh processes, warm-up, measurement, end.</summary>
internal static class Round
{
    /// <summary>What a round may take beyond its warm-up and measurement: start of the runtime, connecting, the report.</summary>
    private static readonly TimeSpan s_slack = TimeSpan.FromSeconds(40);

    private static readonly TimeSpan s_lastWords = TimeSpan.FromMilliseconds(500);

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
            (int near, int far) = FreePorts.FindTwo();
            plan = plan with { Directory = directory.FullName, NearPort = near, FarPort = far };
            return await RunPairAsync(plan, pinning, floor, deadline.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            throw new BenchmarkFailure(
                $"{plan.Implementation} over {plan.Transport} did not end within {limit.TotalSeconds:0} s and was killed"
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
        using SideProcess far = SideProcess.Start(plan with { Role = Role.Far, Cpu = pinning.Far }, floor);
        string[] ready = await far.ExpectAsync("ready", cancellation).ConfigureAwait(false);
        using SideProcess near = SideProcess.Start(
            plan with
            {
                Role = Role.Near,
                Cpu = pinning.Near,
                FarAddress = ready[0],
            },
            floor
        );
        Task<RoundResult> result = MeasureAsync(plan, near, far, cancellation);
        if (
            await Task.WhenAny(result, near.Ended, far.Ended).ConfigureAwait(false) == result
            && result.IsCompletedSuccessfully
        )
            return result.Result;

        // One process that dies mostly takes the other one with it: a moment later both can be told.
        await Task.WhenAny(Task.WhenAll(near.Ended, far.Ended), Task.Delay(s_lastWords, cancellation))
            .ConfigureAwait(false);
        cancellation.ThrowIfCancellationRequested(); // a terminal sends Ctrl-C to all processes at once
        if (near.DescribeEnd() is null && far.DescribeEnd() is null)
            return await result.ConfigureAwait(false);
        throw new BenchmarkFailure(string.Join(", ", new[] { near.DescribeEnd(), far.DescribeEnd() }.OfType<string>()));
    }

    private static async Task<RoundResult> MeasureAsync(
        SidePlan plan,
        SideProcess near,
        SideProcess far,
        CancellationToken cancellation
    )
    {
        await near.ExpectAsync("begin", cancellation).ConfigureAwait(false);

        await far.MarkAsync(cancellation).ConfigureAwait(false); // the first answer compiles and allocates what later ones do not
        (long Messages, long Allocated)? before = await far.MarkAsync(cancellation).ConfigureAwait(false);
        long started = Stopwatch.GetTimestamp();
        long? usedBefore = near.ProcessorTime() + far.ProcessorTime();
        near.Go();
        string[] measured = await near.ExpectAsync("measured", cancellation).ConfigureAwait(false);
        long? used = near.ProcessorTime() + far.ProcessorTime() - usedBefore;
        double wall = Stopwatch.GetElapsedTime(started).TotalNanoseconds;
        IReadOnlyList<(long, long)> times = await near.ReadTimesAsync(cancellation).ConfigureAwait(false);
        bool oneWay = plan.Workload is WorkloadKind.Voice or WorkloadKind.Stream;
        if (oneWay)
            times = await far.ReadTimesAsync(cancellation).ConfigureAwait(false);
        (long Messages, long Allocated)? after = await far.MarkAsync(cancellation).ConfigureAwait(false);

        long[] numbers = [.. measured.Select(SideProcess.Number)];
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
