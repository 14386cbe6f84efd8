namespace FastForward.Benchmarks.CrossProcess.Statistics;

/// <summary>What one round of one contestant gave.</summary>
internal sealed record RoundResult
{
    public required long Sent { get; init; }

    public required long Received { get; init; }

    public required long ElapsedNanos { get; init; }

    /// <summary>Nanoseconds, each with how often it was taken.</summary>
    public required IReadOnlyList<(long Nanos, long Count)> Times { get; init; }

    /// <summary>Both sides together; null for the floor, which is not managed.</summary>
    public double? AllocatedBytesPerMessage { get; init; }

    /// <summary>CPU time of both processes over wall time: 200 is two cores.</summary>
    public double? CpuPercent { get; init; }

    public long Lost => Sent - Received;

    public double MessagesPerSecond => ElapsedNanos == 0 ? 0 : Received * 1e9 / ElapsedNanos;
}
