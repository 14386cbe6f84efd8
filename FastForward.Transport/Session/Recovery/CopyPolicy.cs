using System.Globalization;

namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// Decides once per probe interval how often real-time messages are sent, from the measured quality of the path that
/// carries them. Times are in microseconds.
/// </summary>
/// <param name="mode">What the options say.</param>
internal sealed class CopyPolicy(RealTimeRedundancy mode)
{
    /// <summary>The share of messages that should be missing at most.</summary>
    public const double Target = 0.0001;

    // Copies begin above the first ratio of loss and end below the second one.
    private const double LossToBegin = 0.001;
    private const double LossToEnd = 0.0005;
    private const long ShortestDelay = 8_000;
    private const int FramesBetween = 8;

    // A frame needs so long from one process to the other beyond its transit, and an acknowledgement to be written.
    private const long Slack = 2_000;

    // Below this rate too few frames lie between a message and its copy, so that a burst of loss may take both: two.
    private const double SparseRate = 100;

    /// <summary>How often a lost message is sent again.</summary>
    public const int MaxRepeats = 3;

    // The base of the transit is the least of the frames of a second: of fewer frames than this it is often too high,
    // which looks like a queue.
    private const double RateToWatch = 30;

    private const int RepeatPercent = 10;
    private const int MostPercent = 200;

    private CongestionWatch _congestion = new();

    /// <summary>How often each message is sent beyond the first time.</summary>
    public int Copies { get; private set; } = mode == RealTimeRedundancy.Always ? 1 : 0;

    /// <summary>The time between a message and its copy, and between two copies.</summary>
    public long Delay { get; private set; } = ShortestDelay;

    /// <summary>Why.</summary>
    public CopyReason Reason { get; private set; } = ByOption(mode, CopyReason.Unmeasured);

    /// <summary>What the decision was made from.</summary>
    public PathQuality Quality { get; private set; }

    /// <summary>The bytes of repetitions and copies that may be sent, in percent of the fresh bytes.</summary>
    public int Allowance => Math.Min((Copies * 100) + RepeatPercent + (Copies > 0 ? RepeatPercent : 0), MostPercent);

    /// <summary>It decides; otherwise the options do.</summary>
    public bool IsAutomatic => mode == RealTimeRedundancy.Auto;

    /// <summary>The path is congested.</summary>
    public bool IsCongested => _congestion.IsCongested;

    /// <summary>Real-time messages take a medium that loses nothing.</summary>
    public void OnOrdered()
    {
        Quality = default;
        Copies = 0;
        Reason = CopyReason.Ordered;
    }

    /// <summary>Real-time messages take another path, of which nothing is known yet.</summary>
    public void OnPathChanged() => _congestion = new CongestionWatch();

    /// <summary>Decides anew.</summary>
    /// <param name="now">The time.</param>
    /// <param name="quality">The figures of the path.</param>
    /// <param name="budget">The budget that most messages have.</param>
    public void Update(long now, in PathQuality quality, long budget)
    {
        Quality = quality;
        if (quality.IsMeasured && quality.FrameRate >= RateToWatch)
            _congestion.Update(now, quality, LossToBegin);
        Delay = DelayFor(quality, budget);
        Reason = ByOption(mode, Decide(quality, budget));
        Copies = Reason switch
        {
            CopyReason.Always => 1,
            CopyReason.Lossy => quality.FrameRate < SparseRate && IsInTime(quality, budget, 2 * Delay) ? 2 : 1,
            _ => 0,
        };
    }

    /// <summary>The decision in words for an operator.</summary>
    public string Explain()
    {
        PathQuality quality = Quality;
        string loss = string.Create(
            CultureInfo.InvariantCulture,
            $"{quality.Loss * 100:0.##} % of the frames are lost"
        );
        return Reason switch
        {
            CopyReason.Ordered => "the medium loses nothing",
            CopyReason.Unmeasured => "too few frames were sent to know the path",
            CopyReason.Clean => $"only {loss}",
            CopyReason.Repeated => $"{loss}, and can be sent again in time",
            CopyReason.Lossy => $"{loss}, and would come too late when sent again: round trip "
                + $"{quality.RoundTrip / 1000} ms, jitter {quality.Transit.Q99 / 1000} ms",
            CopyReason.Hopeless => $"{loss}, but jitter of {quality.Transit.Median / 1000} ms is too much for a copy",
            CopyReason.Congested => ExplainCongestion(),
            _ => "by option",
        };
    }

    /// <summary>Why the path counts as congested, or that it does not, in words for an operator.</summary>
    public string ExplainCongestion() =>
        IsCongested
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"the path is congested, so that copies would make it worse: {Quality.Loss * 100:0.##} % of the frames "
                    + $"are lost, and the others travel {_congestion.RoseBy / 1000} ms longer than before"
            )
            : "the path is not congested any more";

    private CopyReason Decide(in PathQuality quality, long budget)
    {
        if (!quality.IsMeasured)
            return CopyReason.Unmeasured;
        if (quality.Loss < (Copies > 0 ? LossToEnd : LossToBegin))
            return CopyReason.Clean;
        if (_congestion.IsCongested)
            return CopyReason.Congested;
        if (MissingWithRepeats(quality, budget) <= (Copies > 0 ? Target / 2 : Target))
            return CopyReason.Repeated;
        return Delay < budget - quality.Transit.Median ? CopyReason.Lossy : CopyReason.Hopeless;
    }

    // A few frames later, so that a burst of loss is over, but early enough that a second copy still arrives in time.
    private static long DelayFor(in PathQuality quality, long budget)
    {
        long apart = quality.FrameRate > 0 ? (long)(FramesBetween * 1_000_000 / quality.FrameRate) : ShortestDelay;
        return Math.Max(
            Math.Min((budget - quality.Transit.Q99 - Slack) / 2, Math.Max(apart, ShortestDelay)),
            Math.Min(ShortestDelay, budget / 4)
        );
    }

    private static bool IsInTime(in PathQuality quality, long budget, long delay) =>
        delay + quality.Transit.Q99 + Slack <= budget;

    // The share of messages that are missing when each lost one is sent again as often as there is time for it.
    private static double MissingWithRepeats(in PathQuality quality, long budget)
    {
        long gap = quality.FrameRate > 0 ? (long)(1_000_000 / quality.FrameRate) : 1_000_000;
        long notice = quality.RoundTrip + Math.Max(quality.RoundTrip / 8, quality.Transit.Q95) + gap + Slack;
        double missing = quality.Loss;
        for (int repeat = 1; repeat <= MaxRepeats; repeat++)
            missing *= 1 - (ShareInTime(quality, budget - (repeat * notice)) * (1 - quality.Loss));
        return missing;
    }

    // The share of frames that travel no more than a time longer than the base.
    private static double ShareInTime(in PathQuality quality, long left) =>
        left >= quality.Transit.Q99 ? 0.99
        : left >= quality.Transit.Q95 ? 0.95
        : left >= quality.Transit.Median ? 0.5
        : 0;

    private static CopyReason ByOption(RealTimeRedundancy mode, CopyReason automatic) =>
        mode switch
        {
            RealTimeRedundancy.Off => CopyReason.Off,
            RealTimeRedundancy.Always => CopyReason.Always,
            _ => automatic,
        };
}
