using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>Who takes part: which implementation has which transport, and why one that should be there is not.</summary>
/// <param name="workload">What is measured.</param>
/// <param name="floorProblem">Why there is no floor; null when there is one.</param>
internal sealed class Field(WorkloadKind workload, string? floorProblem)
{
    private readonly HashSet<string> _told = [];

    /// <summary>Whether an implementation has a transport at all.</summary>
    public static bool Has(string implementation, string transport) => implementation switch
    {
        ImplementationName.NetMQ => transport == TransportName.Tcp,
        ImplementationName.LiteNetLib => transport == TransportName.Ip,
        ImplementationName.FastForward => transport != TransportName.Tcp,
        _ => true,
    };

    /// <summary>The contestants of a mode and size. Whoever is absent is told about, once.</summary>
    public IEnumerable<Contest> Contests(MeasureSettings settings, Mode mode, int size)
    {
        foreach (string transport in settings.Transports)
        {
            foreach (string implementation in settings.Implementations.Where(implementation => Has(implementation, transport)))
            {
                if (ProblemOf(implementation, transport, mode) is not { } problem) yield return new Contest(transport, implementation, mode, size);
                else if (_told.Add($"{transport} {implementation}: not measured, {problem}")) Console.Error.WriteLine($"{transport} {implementation}: not measured, {problem}");
            }
        }
    }

    private string? ProblemOf(string implementation, string transport, Mode mode) => implementation switch
    {
        ImplementationName.FastForward => NodeMedium.CheckAvailability(transport).Reason,
        ImplementationName.Floor when floorProblem is not null => floorProblem,
        ImplementationName.Floor when transport == TransportName.VSocket && !File.Exists("/dev/vsock") => "/dev/vsock is missing (modprobe vsock_loopback)",
        ImplementationName.LiteNetLib when mode != Mode.Spin => "its single-threaded mode only spins",
        ImplementationName.NetMQ when mode != Mode.Spin && workload == WorkloadKind.Paced => "its waits are whole milliseconds, too coarse for a fixed rate; use --mode spin",
        _ => null,
    };
}
