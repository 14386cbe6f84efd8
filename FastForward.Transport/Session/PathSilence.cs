namespace FastForward.Transport.Session;

/// <summary>
/// How long a path has owed an answer. Something that asks for one, a probe or a frame that the peer acknowledges,
/// begins the time; whatever confirms that something arrived ends it, or begins it again while more is awaited. Times
/// are in microseconds.
/// </summary>
internal struct PathSilence
{
    /// <summary>The least silence that makes a path doubtful.</summary>
    public const long LeastDoubt = 60_000;

    private long _since;
    private bool _hasAsked;

    /// <summary>Nothing is awaited.</summary>
    public static PathSilence None => new() { _since = long.MaxValue };

    /// <summary>
    /// When the path becomes doubtful, or is to be asked before; long.MaxValue while nothing is awaited.
    /// </summary>
    /// <param name="limit">See <see cref="LimitOf"/>.</param>
    public readonly long Due(long limit) =>
        _since == long.MaxValue || limit == long.MaxValue ? long.MaxValue : _since + (_hasAsked ? limit : limit / 2);

    /// <summary>
    /// The silence after which a path is doubtful; long.MaxValue while its round trip is not known. It includes the
    /// time for which the peer may hold an acknowledgement back.
    /// </summary>
    public static long LimitOf(PathMeasurement measurement, long slowest)
    {
        if (measurement.SmoothedRoundTrip == 0)
            return long.MaxValue;
        long byRoundTrip = (2 * measurement.SmoothedRoundTrip) + (4 * measurement.RoundTripVariation);
        long byTransit = measurement.SmoothedRoundTrip + Recovery.AckSchedule.MaxDelay + slowest;
        return Math.Max(LeastDoubt, Math.Max(byRoundTrip, byTransit));
    }

    /// <summary>Something that asks for an answer was sent.</summary>
    public void OnAsked(long now) => _since = Math.Min(_since, now);

    /// <summary>The peer confirms that something arrived.</summary>
    /// <param name="now">The time.</param>
    /// <param name="isMoreAwaited">Other answers are still awaited.</param>
    public void OnConfirmed(long now, bool isMoreAwaited)
    {
        _since = isMoreAwaited ? now : long.MaxValue;
        _hasAsked = false;
    }

    /// <summary>Half of the limit is over.</summary>
    /// <returns>Whether the path has to be asked: one frame that was lost is no silence.</returns>
    public bool TryAsk()
    {
        if (_hasAsked)
            return false;
        _hasAsked = true;
        return true;
    }

    /// <summary>This process did not run for a while.</summary>
    public void OnStall(long duration)
    {
        if (_since != long.MaxValue)
            _since += duration;
    }
}
