namespace FastForward.Transport.Loop;

/// <summary>
/// Converts between the microseconds that the library counts in and the <see cref="TimeSpan"/> of its API.
/// </summary>
internal static class LoopTime
{
    /// <summary>
    /// Microseconds, rounded up so that nothing happens before its time. <see cref="Timeout.InfiniteTimeSpan"/> becomes
    /// <see cref="long.MaxValue"/>.
    /// </summary>
    public static long ToMicros(TimeSpan time)
    {
        if (time == Timeout.InfiniteTimeSpan)
            return long.MaxValue;
        (long micros, long rest) = Math.DivRem(time.Ticks, TimeSpan.TicksPerMicrosecond);
        return rest > 0 ? micros + 1 : micros;
    }
}
