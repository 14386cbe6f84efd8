using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Benchmarks.CrossProcess.Commands;

/// <summary>What a command line asked for.</summary>
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

    /// <summary>Messages per second of a fixed rate; 0 without one.</summary>
    public double Rate { get; init; }

    /// <summary>Messages of a fixed rate that fall into one tick are sent together.</summary>
    public long TickNanos { get; init; } = 1;

    public int Streams { get; init; } = 1;

    public VSocketType VSocketType { get; init; }

    /// <summary>Print JSON.</summary>
    public bool Json { get; init; }

    /// <summary>Where to; null for the standard output.</summary>
    public string? JsonFile { get; init; }

    /// <summary>Where plots go; null for none.</summary>
    public string? PlotDirectory { get; init; }
}
