namespace FastForward.Transport.Logging;

/// <summary>
/// Keeps a log readable under a flood: lets the first entry pass at once, then one per interval, which tells how many
/// were kept back since. A field of one owner and one thread; not a place for a lock.
/// </summary>
internal struct LogGate
{
    /// <summary>The interval between entries, in microseconds.</summary>
    public const long IntervalMicros = 1_000_000;

    private long _opens;
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

        _opens = nowMicros + IntervalMicros;
        _suppressed = 0;
        return true;
    }
}
