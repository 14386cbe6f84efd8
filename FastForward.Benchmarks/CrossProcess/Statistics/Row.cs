using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Workloads;
using HdrHistogram;

namespace FastForward.Benchmarks.CrossProcess.Statistics;

/// <summary>The rounds of one contestant, and their medians.</summary>
internal sealed class Row(Contest contest)
{
    private readonly List<RoundResult> _rounds = [];
    private readonly List<LongHistogram> _histograms = [];

    public Contest Contest { get; } = contest;

    public int Rounds => _rounds.Count;

    /// <summary>
    /// The name in tables and plots. It says where a contestant does not do what its mode says.
    /// </summary>
    public string Label =>
        Contest is { Implementation: ImplementationName.NetMQ, Mode: not Mode.Block } && !NetMqEndpoint.SpinsHere
            ? $"{Contest.Implementation} (blocks)"
            : Contest.Implementation;

    /// <summary>The fewest times recorded in a round.</summary>
    public long TimesOfRound => _histograms.Count == 0 ? 0 : _histograms.Min(static histogram => histogram.TotalCount);

    public bool HasTimes =>
        _histograms.Count > 0 && _histograms.TrueForAll(static histogram => histogram.TotalCount > 0);

    public Spread? P50 => Percentile(50);

    public Spread? P99 => Percentile(99);

    public Spread? P999 => Percentile(99.9);

    public Spread MessagesPerSecond => Spread.Of(_rounds.Select(static round => round.MessagesPerSecond))!.Value;

    public Spread? AllocatedBytesPerMessage =>
        Spread.Of(_rounds.Select(static round => round.AllocatedBytesPerMessage));

    public Spread? CpuPercent => Spread.Of(_rounds.Select(static round => round.CpuPercent));

    public long Sent => _rounds.Sum(static round => round.Sent);

    public long Lost => _rounds.Sum(static round => round.Lost);

    public void Add(RoundResult round)
    {
        LongHistogram histogram = new(Workload.LongestNanos, 3);
        foreach ((long nanos, long count) in round.Times)
            histogram.RecordValueWithCount(Math.Min(nanos, Workload.LongestNanos), count);
        _rounds.Add(round);
        _histograms.Add(histogram);
    }

    /// <summary>A percentile of each round in microseconds; null if no times were recorded.</summary>
    public Spread? Percentile(double percentile) => HasTimes ? Spread.Of(Micros(percentile)) : null;

    /// <summary>The median of the per-round ratios to another row; null if not computable.</summary>
    public double? RatioTo(Row? other, double percentile) =>
        other is null || !HasTimes || !other.HasTimes ? null : Ratio(Micros(percentile), other.Micros(percentile));

    /// <summary>The same for the rates.</summary>
    public double? RateRatioTo(Row? other) =>
        other is null
            ? null
            : Ratio(
                _rounds.Select(static round => round.MessagesPerSecond),
                other._rounds.Select(static round => round.MessagesPerSecond)
            );

    private IEnumerable<double> Micros(double percentile) =>
        _histograms.Select(histogram => histogram.GetValueAtPercentile(percentile) / 1000.0);

    private static double? Ratio(IEnumerable<double> own, IEnumerable<double> others) =>
        Spread
            .Of(own.Zip(others).Where(static pair => pair.Second > 0).Select(static pair => pair.First / pair.Second))
            ?.Median;
}
