namespace Tarantool.Client.Diagnostics;

/// <summary>
/// Limits the rate of a log message whose causes the server sends: one per 10 s, with the number of those between.
/// Thread-safe.
/// </summary>
/// <param name="time">The clock.</param>
internal sealed class ReportLimit(TimeProvider time)
{
    private static readonly TimeSpan s_interval = TimeSpan.FromSeconds(10);

    private readonly Lock _gate = new();
    private long? _reportedAt;
    private long _unreported;

    /// <param name="more">How many were not reported since the last report.</param>
    public bool MayReport(out long more)
    {
        lock (_gate)
        {
            more = _unreported;
            if (_reportedAt is { } at && time.GetElapsedTime(at) < s_interval)
            {
                _unreported++;
                return false;
            }

            _reportedAt = time.GetTimestamp();
            _unreported = 0;
            return true;
        }
    }
}
