using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Commands;

/// <summary>The parsed command line of a measuring command.</summary>
internal sealed record MeasureSettings
{
    public required WorkloadKind Workload { get; init; }

    public required IReadOnlyList<string> Transports { get; init; }

    public required IReadOnlyList<string> Implementations { get; init; }

    public required IReadOnlyList<Mode> Modes { get; init; }

    public required IReadOnlyList<int> Sizes { get; init; }

    public required int Rounds { get; init; }

    public required double Seconds { get; init; }

    public required double WarmUpSeconds { get; init; }

    public required Pinning Pinning { get; init; }

    /// <summary>Messages per second; 0 without a fixed rate.</summary>
    public double Rate { get; init; }

    /// <summary>With a fixed rate, messages that are due within one tick are sent together.</summary>
    public long TickNanos { get; init; } = 1;

    public int Streams { get; init; } = 1;

    public VSocketType VSocketType { get; init; }

    /// <summary>Whether to write JSON.</summary>
    public bool Json { get; init; }

    /// <summary>The path of the JSON file; null for standard output.</summary>
    public string? JsonFile { get; init; }

    /// <summary>The directory for plots; null for none.</summary>
    public string? PlotDirectory { get; init; }
}
