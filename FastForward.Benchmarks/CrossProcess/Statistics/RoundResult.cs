namespace FastForward.Benchmarks.CrossProcess.Statistics;

/// <summary>The result of one round of one contestant.</summary>
internal sealed record RoundResult
{
    public required long Sent { get; init; }

    public required long Received { get; init; }

    public required long ElapsedNanos { get; init; }

    /// <summary>Times in nanoseconds with their counts.</summary>
    public required IReadOnlyList<(long Nanos, long Count)> Times { get; init; }

    /// <summary>Both processes together; null for the floor program, which is not managed.</summary>
    public double? AllocatedBytesPerMessage { get; init; }

    /// <summary>CPU time of both processes in percent of wall time: 200 is two full cores.</summary>
    public double? CpuPercent { get; init; }

    public long Lost => Sent - Received;

    public double MessagesPerSecond => ElapsedNanos == 0 ? 0 : Received * 1e9 / ElapsedNanos;
}
