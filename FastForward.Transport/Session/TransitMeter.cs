namespace FastForward.Transport.Session;

/// <summary>
/// How much longer than the base the frames of a path travel. The base is the least transit of the last one to two
/// seconds of arrivals: clocks of the two sides need not agree, and what they drift apart meanwhile does not matter,
/// because each path carries probes. Times are in microseconds.
/// </summary>
internal sealed class TransitMeter
{
    /// <summary>Quantiles of fewer frames say nothing: they would look like a queue that grows afterwards.</summary>
    public const int Enough = 64;

    private const long HalfWindow = 1_000_000;

    // So many arrivals in a row that are far above the base show that the route has changed.
    private const int StepArrivals = 8;

    // Frames that were sent together may be late together.
    private const long LeastSpan = 10_000;

    // What arrives right after this process stood still had waited in its own queues.
    private const long SettlesAfterStall = 100_000;

    private readonly DelayHistogram _excesses = new();
    private long _transit; // of the last frame, extended beyond 32 bits
    private bool _hasTransit;
    private RecentMinimum _least = new(HalfWindow);
    private long _noStepBefore;
    private int _above;
    private long _leastAbove;
    private long _aboveSince;
    private long _aboveSinceRemote;

    /// <summary>
    /// The least transit, modulo 2^32 and by clocks that do not agree: only its changes mean something.
    /// </summary>
    public uint Base => (uint)_least.Value;

    /// <summary>Frames that were measured.</summary>
    public long Count { get; private set; }

    /// <summary>Times that the base rose at once, because the route had become longer.</summary>
    public long Steps { get; private set; }

    /// <summary>A quantile of what frames travelled longer than the base.</summary>
    public long Quantile(int percent) => _excesses.Quantile(percent);

    /// <summary>What the peer is told of it.</summary>
    public TransitReport Report => new(Base, Quantile(50), Quantile(95), Quantile(99));

    /// <summary>A frame arrived.</summary>
    /// <param name="now">The time.</param>
    /// <param name="timestamp">When it was sent, by the clock of the peer.</param>
    /// <param name="step">The least excess that may be a change of the route.</param>
    /// <returns>How much longer than the base it travelled.</returns>
    public long Add(long now, uint timestamp, long step)
    {
        uint transit = (uint)now - timestamp;
        _transit = _hasTransit ? _transit + (int)(transit - (uint)_transit) : transit;
        _hasTransit = true;
        Count++;
        _least.Add(now, _transit);
        long excess = _transit - _least.Value;
        if (excess <= step)
            _above = 0;
        else if (IsStep(now))
            excess = Restart();
        if (now >= _noStepBefore)
            _excesses.Add(excess); // what waited in queues of this process says nothing about the path
        return excess;
    }

    /// <summary>This process did not run for a while.</summary>
    public void OnStall(long now)
    {
        _above = 0;
        _noStepBefore = now + SettlesAfterStall;
    }

    // Arrivals of a queue that empties are no step: they were sent over a longer time than they arrive in.
    private bool IsStep(long now)
    {
        long sentAt = now - _transit;
        if (_above++ == 0)
            (_leastAbove, _aboveSince, _aboveSinceRemote) = (_transit, now, sentAt);
        _leastAbove = Math.Min(_leastAbove, _transit);
        long span = sentAt - _aboveSinceRemote;
        return _above >= StepArrivals && now >= _noStepBefore && span >= LeastSpan && now - _aboveSince >= span / 2;
    }

    private long Restart()
    {
        _least.Set(_leastAbove);
        _above = 0;
        Steps++;
        return _transit - _leastAbove;
    }
}
