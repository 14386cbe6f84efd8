namespace FastForward.Transport.Session;

/// <summary>
/// Counts the frames that the far end of a path sent and that did not come, and those that came after a later one, by
/// their packet numbers. A frame costs two counters; the window behind the ratios moves once per probe interval.
/// </summary>
internal sealed class ArrivalMeter
{
    /// <summary>How many probe intervals the window holds.</summary>
    public const int Intervals = 30;

    private readonly Counts[] _marks = new Counts[Intervals];
    private int _markCount;
    private Counts _now;

    /// <summary>Frames that came.</summary>
    public long Received => (long)_now.Received;

    /// <summary>Numbers below the highest one that never came; those still under way are among them.</summary>
    public long Lost => Clamp(_now.Expected - _now.Received);

    /// <summary>Frames that came after one with a higher number (RFC 4737, section 3.3).</summary>
    public long Reordered => (long)_now.Reordered;

    /// <summary>The share of frames within the window that did not come, 0 to 1 (as in RFC 3550, appendix A.3).</summary>
    public double LossRatio
    {
        get
        {
            // What was late at the beginning of the window came within it: more than was expected is no loss.
            Counts begin = Begin;
            ulong expected = _now.Expected - begin.Expected,
                received = _now.Received - begin.Received;
            return expected > received ? (double)(expected - received) / expected : 0;
        }
    }

    /// <summary>The share of the frames that came within the window that were out of order, 0 to 1.</summary>
    public double ReorderedRatio
    {
        get
        {
            Counts begin = Begin;
            ulong received = _now.Received - begin.Received;
            return received > 0 ? (double)(_now.Reordered - begin.Reordered) / received : 0;
        }
    }

    /// <summary>Notes a frame. Each number comes at most once.</summary>
    public void Add(ulong number)
    {
        _now.Received++;
        if (number >= _now.Expected)
            _now.Expected = number + 1;
        else
            _now.Reordered++;
    }

    /// <summary>An interval is over.</summary>
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
