using FastForward.Host.Control;
using HdrHistogram;

namespace FastForward.Host.Monitoring;

/// <summary>The figures of a series of probes so far.</summary>
internal sealed class PingSummary
{
    // To 60 s at three digits: the longest that a time-out allows.
    private const long Longest = 61_000_000;

    private readonly LongHistogram _times = new(Longest, 3);
    private long _fastest = long.MaxValue;
    private long _slowest;
    private double _sum;

    /// <summary>Probes, and times that there was no path to send one on.</summary>
    public long Sent { get; private set; }

    public long Received { get; private set; }

    public void Add(PingReply reply)
    {
        Sent++;
        if (reply.Outcome != PingReply.Answered)
            return;
        Received++;
        _sum += reply.RoundTripMicros;
        _fastest = Math.Min(_fastest, reply.RoundTripMicros);
        _slowest = Math.Max(_slowest, reply.RoundTripMicros);
        _times.RecordValue(Math.Clamp(reply.RoundTripMicros, 0, Longest));
    }

    /// <summary>The figures as they are printed.</summary>
    public PingFigures Figures(uint node)
    {
        bool any = Received > 0;
        return new PingFigures(
            node,
            Sent,
            Received,
            Sent > 0 ? 100.0 * (Sent - Received) / Sent : 0,
            any ? _fastest : null,
            any ? _sum / Received : null,
            Percentile(50),
            Percentile(90),
            Percentile(99),
            any ? _slowest : null
        );

        long? Percentile(double percent) =>
            any ? Math.Clamp(_times.GetValueAtPercentile(percent), _fastest, _slowest) : null;
    }
}
