using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Statistics;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>
/// Selects the contestants: which implementation supports which transport, and which are unavailable.
/// </summary>
/// <param name="settings">The settings of the run.</param>
/// <param name="floorProblem">Why the C floor is unavailable; null if it is available.</param>
internal sealed class Field(MeasureSettings settings, string? floorProblem)
{
    private readonly HashSet<string> _reported = [];

    /// <summary>Whether an implementation supports a transport.</summary>
    public static bool Has(string implementation, string transport) =>
        implementation switch
        {
            ImplementationName.NetMQ => transport == TransportName.Tcp,
            ImplementationName.LiteNetLib => transport == TransportName.Ip,
            ImplementationName.FastForward => transport != TransportName.Tcp,
            ImplementationName.Reliable => transport == TransportName.Ip, // FastForward is reliable on all others
            ImplementationName.Sealed => transport == TransportName.Ip, // sockets are not sealed by default
            ImplementationName.ConnectedFloor => transport == TransportName.Ip, // all other sockets are connected
            ImplementationName.BatchedFloor or ImplementationName.PackedFloor => transport == TransportName.Ip,
            _ => transport != TransportName.Rdma, // the baseline of RDMA would be ib_send_lat
        };

    /// <summary>Why no combination of the settings can be measured; null if at least one can.</summary>
    public static string? Contradiction(MeasureSettings settings)
    {
        if (
            settings.Implementations.Any(implementation =>
                settings.Transports.Any(transport => Has(implementation, transport))
            )
        )
            return null;
        IEnumerable<string> abilities = settings.Implementations.Select(static implementation =>
            $"{implementation} has "
            + string.Join(", ", TransportName.All.Where(transport => Has(implementation, transport)))
        );
        return $"--transport {string.Join(',', settings.Transports)} is not supported by "
            + $"--implementation {string.Join(',', settings.Implementations)}: {string.Join("; ", abilities)}";
    }

    /// <summary>The contestants of a mode and size. Each unavailable one is reported once.</summary>
    public IEnumerable<Contest> Contests(Mode mode, int size)
    {
        foreach (string transport in settings.Transports)
        {
            foreach (
                string implementation in settings.Implementations.Where(implementation =>
                    Has(implementation, transport)
                )
            )
            {
                string name = $"{transport} {implementation}";
                if (ProblemOf(implementation, transport, mode) is { } problem)
                {
                    ReportOnce($"{name}: not measured, {problem}");
                    continue;
                }

                if (implementation == ImplementationName.NetMQ && mode != Mode.Block && !NetMqEndpoint.SpinsHere)
                    ReportOnce($"{name}: blocks in every mode, because spinning needs more cores than available here");
                yield return new Contest(transport, implementation, mode, size);
            }
        }
    }

    private void ReportOnce(string text)
    {
        if (_reported.Add(text))
            Console.Error.WriteLine(text);
    }

    private string? ProblemOf(string implementation, string transport, Mode mode) =>
        implementation switch
        {
            ImplementationName.Reliable when settings.Workload == WorkloadKind.Voice => "voice is real-time",
            ImplementationName.FastForward or ImplementationName.Reliable or ImplementationName.Sealed => NodeMedium
                .CheckAvailability(transport)
                .Reason,
            _ when floorProblem is not null && ImplementationName.IsFloor(implementation) => floorProblem,
            ImplementationName.BatchedFloor
            or ImplementationName.PackedFloor when settings.Workload is WorkloadKind.Ping or WorkloadKind.Paced =>
                "there is nothing to batch with one message at a time",
            ImplementationName.Floor when transport == TransportName.Memory && mode == Mode.Block =>
                "a ring without a socket cannot block",
            ImplementationName.Floor when transport == TransportName.VSocket => VSocketTransport.CheckLoopback().Reason,
            ImplementationName.LiteNetLib when mode != Mode.Spin => "its single-threaded mode only spins",
            ImplementationName.NetMQ
                when settings.Workload == WorkloadKind.Paced && (mode != Mode.Spin || !NetMqEndpoint.SpinsHere) =>
                "its timeouts are in milliseconds, too coarse for a fixed rate",
            _ => null,
        };
}
