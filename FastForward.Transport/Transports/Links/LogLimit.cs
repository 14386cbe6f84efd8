namespace FastForward.Transport;

/// <summary>Lets one message of a kind through every ten seconds and counts the others, so that a flood cannot fill a log.</summary>
internal sealed class LogLimit
{
    private const long IntervalMicros = 10_000_000;

    private long _next = long.MinValue;
    private long _held;

    /// <summary>Whether to log now.</summary>
    /// <param name="now">The loop's time.</param>
    /// <param name="held">When true is answered: how many were held back since the last one.</param>
    public bool Passes(long now, out long held)
    {
        held = _held;
        if (now < _next)
        {
            _held++;
            return false;
        }

        _next = now + IntervalMicros;
        _held = 0;
        return true;
    }
}
