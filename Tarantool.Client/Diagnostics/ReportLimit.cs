namespace Tarantool.Client.Diagnostics;

/// <summary>
/// Limits the rate of a log message whose causes repeat: the first is reported at once, the next after 10 s, and the
/// interval doubles with each report up to an hour; each report has the number of those between. It starts anew after
/// an hour without a cause. Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ReportLimit(TimeProvider time)
{
    private static readonly TimeSpan s_shortest = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan s_longest = TimeSpan.FromHours(1);

    private readonly Lock _gate = new();
    private TimeSpan _interval = s_shortest;
    private long? _reportedAt;
    private long _seenAt;
    private long _unreported;

    /// <param name="more">How many were not reported since the last report.</param>
    public bool MayReport(out long more)
    {
        lock (_gate)
        {
            more = _unreported;
            if (_reportedAt is not { } at || time.GetElapsedTime(_seenAt) >= s_longest)
            {
                _interval = s_shortest;
            }
            else if (time.GetElapsedTime(at) < _interval)
            {
                _seenAt = time.GetTimestamp();
                _unreported++;
                return false;
            }
            else
            {
                _interval = _interval * 2 < s_longest ? _interval * 2 : s_longest;
            }

            _reportedAt = _seenAt = time.GetTimestamp();
            _unreported = 0;
            return true;
        }
    }

    /// <summary>The condition is over: the next cause is reported at once.</summary>
    /// <returns>How many were not reported since the last report.</returns>
    public long Reset()
    {
        lock (_gate)
        {
            long more = _unreported;
            _reportedAt = null;
            _unreported = 0;
            return more;
        }
    }
}
