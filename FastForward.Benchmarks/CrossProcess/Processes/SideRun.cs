using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Workloads;
using FastForward.Transport.Transports;
using HdrHistogram;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>
/// One process of a round. It talks to its parent in the lines that floor.c describes. The end of its input is the end of
/// its parent, and its own.
/// </summary>
internal static class SideRun
{
    private const long SettleNanos = 20_000_000;
    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(20);

    /// <returns>The exit code.</returns>
    public static int Run(SidePlan plan)
    {
        Clock.Verify();
        Scheduling.SetTimerSlack();
        try
        {
            // Threads that a library makes for itself here stay free; what the measuring thread starts later stays with it.
            using IEndpoint endpoint = Endpoints.Create(plan);
            if (plan.Cpu >= 0)
                Scheduling.Pin(plan.Cpu);
            return plan.Role == Role.Near ? RunNear(plan, endpoint) : RunFar(plan, endpoint);
        }
        catch (Exception exception)
            when (exception is BenchmarkFailure or TransportException or System.Net.Sockets.SocketException)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCode.Failure;
        }
    }

    private static int RunFar(SidePlan plan, IEndpoint endpoint)
    {
        using ParentPipe parent = new();
        FarSide far = new(endpoint, plan.Size, far => Print(parent, far.Times));
        parent.Say($"ready {endpoint.Address}");
        parent.Follow(() => far.Handled);
        while (true)
            endpoint.Turn(far);
    }

    private static int RunNear(SidePlan plan, IEndpoint endpoint)
    {
        using ParentPipe parent = new();
        Connect(endpoint, plan);
        NearWorkload warmUp = Create(plan, endpoint, Phase.WarmUp);
        NearWorkload settling = Create(plan, endpoint, Phase.WarmUp);
        NearWorkload measured = Create(plan, endpoint, Phase.Measurement);
        RunPhase(warmUp, endpoint, plan.WarmUpMicros * 1000);
        parent.Say("begin");
        parent.WaitForGo();
        parent.Follow(static () => 0);
        RunPhase(settling, endpoint, SettleNanos); // the parent goes back to sleep meanwhile
        long before = GC.GetTotalAllocatedBytes(precise: true);
        RunPhase(measured, endpoint, plan.MeasureMicros * 1000);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        parent.Say($"measured {measured.Sent} {measured.Received} {measured.Elapsed} {allocated}");
        Print(parent, measured.Times);
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    private static void RunPhase(NearWorkload workload, IEndpoint endpoint, long nanos)
    {
        workload.Start(nanos);
        while (!workload.IsDone)
            endpoint.Turn(workload);
    }

    private static void Connect(IEndpoint endpoint, SidePlan plan)
    {
        NearWorkload nothing = Create(plan, endpoint, Phase.None);
        long limit = Clock.Now + (long)s_connectLimit.TotalNanoseconds;
        while (!endpoint.IsConnected)
        {
            if (Clock.Now > limit)
                throw new BenchmarkFailure(
                    $"no connection to the other process within {s_connectLimit.TotalSeconds} s"
                );
            endpoint.Turn(nothing);
        }
    }

    private static NearWorkload Create(SidePlan plan, IEndpoint endpoint, Phase phase) =>
        plan.Workload switch
        {
            WorkloadKind.Ping => new PingPong(endpoint, plan.Size, phase),
            WorkloadKind.Paced => new Paced(
                endpoint,
                plan.Size,
                phase,
                MessageKind.Echo,
                plan.IntervalNanos,
                plan.TickNanos,
                1
            ),
            WorkloadKind.Voice => new Paced(
                endpoint,
                plan.Size,
                phase,
                MessageKind.Timed,
                plan.IntervalNanos,
                plan.TickNanos,
                plan.Streams
            ),
            _ => new Flood(endpoint, plan.Size, phase),
        };

    private static void Print(ParentPipe parent, LongHistogram times)
    {
        long before = GC.GetAllocatedBytesForCurrentThread();
        foreach (HdrHistogram.Iteration.HistogramIterationValue value in times.RecordedValues())
            parent.Say(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{value.ValueIteratedTo} {value.CountAddedInThisIterationStep}"
                )
            );
        parent.Say("done");
        parent.Exclude(GC.GetAllocatedBytesForCurrentThread() - before);
    }
}
