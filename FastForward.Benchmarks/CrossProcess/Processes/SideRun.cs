using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Workloads;
using FastForward.Transport.Transports;
using HdrHistogram;

namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>
/// Runs one process of a round. Exchanges the lines described in floor.c with its parent, and exits when its input
/// ends.
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
            // Threads that a library starts in its constructor are not pinned; threads started after Pin are.
            using IEndpoint endpoint = Endpoints.Create(plan);
            if (plan.Cpu >= 0)
                Scheduling.Pin(plan.Cpu);
            return plan.Role == Role.Client ? RunClient(plan, endpoint) : RunServer(plan, endpoint);
        }
        catch (Exception exception)
            when (exception is BenchmarkFailure or TransportException or System.Net.Sockets.SocketException)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCode.Failure;
        }
        catch (Exception exception)
        {
            // Of any library that is measured. The stack is printed first: the parent shows the last lines.
            Console.Error.WriteLine(exception.StackTrace);
            Console.Error.WriteLine($"{exception.GetType().Name}: {exception.Message}");
            return ExitCode.Failure;
        }
    }

    private static int RunServer(SidePlan plan, IEndpoint endpoint)
    {
        using ParentPipe parent = new();
        ServerWorkload server = new(endpoint, plan.Size, server => Print(parent, server.Times));
        parent.Say($"ready {endpoint.Address}");
        parent.Follow(() => server.Handled);
        while (true)
            endpoint.Turn(server);
    }

    private static int RunClient(SidePlan plan, IEndpoint endpoint)
    {
        using ParentPipe parent = new();
        Connect(endpoint, plan);
        ClientWorkload warmUp = Create(plan, endpoint, Phase.WarmUp);
        ClientWorkload settling = Create(plan, endpoint, Phase.WarmUp);
        ClientWorkload measured = Create(plan, endpoint, Phase.Measurement);
        RunPhase(warmUp, endpoint, plan.WarmUpMicros * 1000);
        parent.Say("begin");
        parent.WaitForGo();
        parent.Follow(static () => 0);
        RunPhase(settling, endpoint, SettleNanos); // until the parent is asleep again
        long before = GC.GetTotalAllocatedBytes(precise: true);
        RunPhase(measured, endpoint, plan.MeasureMicros * 1000);
        long allocated = GC.GetTotalAllocatedBytes(precise: true) - before;
        parent.Say($"measured {measured.Sent} {measured.Received} {measured.Elapsed} {allocated}");
        Print(parent, measured.Times);
        Thread.Sleep(Timeout.Infinite);
        return 0;
    }

    private static void RunPhase(ClientWorkload workload, IEndpoint endpoint, long nanos)
    {
        workload.Start(nanos);
        while (!workload.IsDone)
            endpoint.Turn(workload);
    }

    private static void Connect(IEndpoint endpoint, SidePlan plan)
    {
        ClientWorkload nothing = Create(plan, endpoint, Phase.None);
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

    private static ClientWorkload Create(SidePlan plan, IEndpoint endpoint, Phase phase) =>
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
