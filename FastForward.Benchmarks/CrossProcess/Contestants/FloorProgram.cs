using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>The C program that serves as baseline: floor.c, compiled at start if gcc is installed.</summary>
internal sealed class FloorProgram : IDisposable
{
    private readonly CProgram _program;

    private FloorProgram(CProgram program) => _program = program;

    public string Path => _program.Path;

    /// <summary>Compiles the program into a temporary directory, which <see cref="Dispose"/> deletes.</summary>
    /// <param name="reason">Why it is unavailable; null on success.</param>
    public static FloorProgram? TryBuild(out string? reason) =>
        CProgram.TryBuild("floor", out reason) is { } program ? new FloorProgram(program) : null;

    /// <summary>The program's command line for one process of a round.</summary>
    public static IEnumerable<string> Arguments(SidePlan plan) =>
        [
            plan.Role == Role.Client ? "client" : "server",
            KindOf(plan),
            plan.Role == Role.Client ? plan.ServerAddress : AddressOf(plan),
            plan.Mode.ToString().ToLowerInvariant(),
            plan.Workload.ToString().ToLowerInvariant(),
            Text(plan.Size),
            Text(plan.WarmUpMicros),
            Text(plan.MeasureMicros),
            Text(plan.IntervalNanos),
            Text(plan.TickNanos),
            Text(plan.Cpu),
        ];

    public void Dispose() => _program.Dispose();

    private static string KindOf(SidePlan plan) =>
        plan.Transport switch
        {
            TransportName.Ip => plan.Implementation switch
            {
                ImplementationName.ConnectedFloor => "udp-connected",
                ImplementationName.BatchedFloor => "udp-batched",
                ImplementationName.PackedFloor => "udp-packed",
                _ => "udp",
            },
            TransportName.Socket => "unix",
            TransportName.Memory => "memory",
            TransportName.VSocket => plan.VSocketType == VSocketType.Stream ? "vsock-stream" : "vsock",
            _ => "tcp",
        };

    private static string AddressOf(SidePlan plan) =>
        plan.Transport switch
        {
            TransportName.Socket => System.IO.Path.Combine(plan.Directory, "floor.sock"),
            TransportName.Memory => System.IO.Path.Combine(plan.Directory, "floor.memory"),
            TransportName.VSocket => "1", // VMADDR_CID_LOCAL: loopback
            _ => "-",
        };

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
