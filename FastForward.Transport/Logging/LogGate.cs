namespace FastForward.Transport.Logging;

/// <summary>
/// Keeps a log readable under a flood: lets the first entry pass at once, then one per interval, which tells how many
/// were kept back since. The interval doubles, up to a minute, until the entries stay away as long. A field of one
/// owner and one thread; not a place for a lock.
/// </summary>
internal struct LogGate
{
    /// <summary>The first interval between entries, in microseconds.</summary>
    public const long IntervalMicros = 1_000_000;

    private const long LongestMicros = 60_000_000;

    private long _opens;
    private long _interval; // 0 before the first entry
    private long _suppressed;

    /// <summary>Asks for one entry.</summary>
    /// <param name="nowMicros">A monotonic clock in microseconds, from 0.</param>
    /// <param name="suppressed">Entries kept back since the last one that passed.</param>
    public bool TryPass(long nowMicros, out long suppressed)
    {
        suppressed = _suppressed;
        if (nowMicros < _opens)
        {
            _suppressed++;
            return false;
        }

        bool goesOn = _interval > 0 && nowMicros < _opens + _interval;
        _interval = goesOn ? Math.Min(2 * _interval, LongestMicros) : IntervalMicros;
        _opens = nowMicros + _interval;
        _suppressed = 0;
        return true;
    }
}
