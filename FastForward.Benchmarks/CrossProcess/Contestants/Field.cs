using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Statistics;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Contestants;

/// <summary>Who takes part: which implementation has which transport, and why one that should be there is not.</summary>
/// <param name="settings">What is to be measured.</param>
/// <param name="floorProblem">Why there is no floor; null when there is one.</param>
internal sealed class Field(MeasureSettings settings, string? floorProblem)
{
    private readonly HashSet<string> _told = [];

    /// <summary>Whether an implementation has a transport at all.</summary>
    public static bool Has(string implementation, string transport) =>
        implementation switch
        {
            ImplementationName.NetMQ => transport == TransportName.Tcp,
            ImplementationName.LiteNetLib => transport == TransportName.Ip,
            ImplementationName.FastForward => transport != TransportName.Tcp,
            ImplementationName.ConnectedFloor => transport == TransportName.Ip, // elsewhere every socket is connected
            _ => transport != TransportName.Rdma, // whose floor would be ib_send_lat
        };

    /// <summary>Why no choice of these can be measured; null when one can.</summary>
    public static string? Contradiction(MeasureSettings settings)
    {
        if (
            settings.Implementations.Any(implementation =>
                settings.Transports.Any(transport => Has(implementation, transport))
            )
        )
            return null;
        IEnumerable<string> abilities = settings.Implementations.Select(static implementation =>
            $"{implementation} has {string.Join(", ", TransportName.All.Where(transport => Has(implementation, transport)))}"
        );
        return $"--transport {string.Join(',', settings.Transports)} does not go with --implementation {string.Join(',', settings.Implementations)}: {string.Join("; ", abilities)}";
    }

    /// <summary>The contestants of a mode and size. Whoever is absent is told about, once.</summary>
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
                    TellOnce($"{name}: not measured, {problem}");
                    continue;
                }

                if (implementation == ImplementationName.NetMQ && mode != Mode.Block && !NetMqEndpoint.SpinsHere)
                    TellOnce($"{name}: blocks in every mode, since this machine has too few cores for it to spin");
                yield return new Contest(transport, implementation, mode, size);
            }
        }
    }

    private void TellOnce(string text)
    {
        if (_told.Add(text))
            Console.Error.WriteLine(text);
    }

    private string? ProblemOf(string implementation, string transport, Mode mode) =>
        implementation switch
        {
            ImplementationName.FastForward => NodeMedium.CheckAvailability(transport).Reason,
            ImplementationName.Floor or ImplementationName.ConnectedFloor when floorProblem is not null => floorProblem,
            ImplementationName.Floor when transport == TransportName.VSocket => VSocketTransport.CheckLoopback().Reason,
            ImplementationName.LiteNetLib when mode != Mode.Spin => "its single-threaded mode only spins",
            ImplementationName.NetMQ
                when settings.Workload == WorkloadKind.Paced && (mode != Mode.Spin || !NetMqEndpoint.SpinsHere) =>
                "its waits are whole milliseconds, too coarse for a fixed rate",
            _ => null,
        };
}
