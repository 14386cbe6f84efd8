namespace FastForward.Transport.Session;

/// <summary>
/// Counts lost and reordered frames of one path by their packet numbers. The ratios cover a window that moves once per
/// probe interval.
/// </summary>
internal sealed class ArrivalMeter
{
    /// <summary>The length of the window in probe intervals.</summary>
    public const int Intervals = 30;

    private readonly Counts[] _marks = new Counts[Intervals];
    private int _markCount;
    private Counts _now;

    /// <summary>Frames that arrived.</summary>
    public long Received => (long)_now.Received;

    /// <summary>Numbers below the highest one that have not arrived, including those in flight.</summary>
    public long Lost => Clamp(_now.Expected - _now.Received);

    /// <summary>Frames that arrived after one with a higher number (RFC 4737, section 3.3).</summary>
    public long Reordered => (long)_now.Reordered;

    /// <summary>The ratio of frames lost within the window, 0 to 1 (as in RFC 3550, appendix A.3).</summary>
    public double LossRatio
    {
        get
        {
            // Late frames from before the window may arrive within it, so that more arrive than are expected.
            Counts begin = Begin;
            ulong expected = _now.Expected - begin.Expected,
                received = _now.Received - begin.Received;
            return expected > received ? (double)(expected - received) / expected : 0;
        }
    }

    /// <summary>The ratio of frames reordered among those that arrived within the window, 0 to 1.</summary>
    public double ReorderedRatio
    {
        get
        {
            Counts begin = Begin;
            ulong received = _now.Received - begin.Received;
            return received > 0 ? (double)(_now.Reordered - begin.Reordered) / received : 0;
        }
    }

    /// <summary>Adds a frame. Must be called at most once for each number.</summary>
    public void Add(ulong number)
    {
        _now.Received++;
        if (number >= _now.Expected)
            _now.Expected = number + 1;
        else
            _now.Reordered++;
    }

    /// <summary>Ends a probe interval.</summary>
    public void EndInterval()
    {
        _marks[_markCount % Intervals] = _now;
        _markCount++;
    }

    private Counts Begin => _markCount < Intervals ? default : _marks[_markCount % Intervals];

    private static long Clamp(ulong count) => (long)Math.Min(count, long.MaxValue);

    private struct Counts
    {
        public ulong Expected;
        public ulong Received;
        public ulong Reordered;
    }
}
