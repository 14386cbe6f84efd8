namespace Tarantool.Client.Connection;

/// <summary>
/// Exponential backoff with jitter: the delay doubles from the shortest to the longest, and each delay is shortened by
/// a random part of up to one half.
/// </summary>
internal static class ReconnectDelay
{
    /// <param name="shortest">The first delay.</param>
    /// <param name="longest">The upper bound.</param>
    /// <param name="failures">The number of failed attempts so far.</param>
    /// <param name="random">A random number from 0 (inclusive) to 1 (exclusive).</param>
    public static TimeSpan Next(TimeSpan shortest, TimeSpan longest, int failures, double random)
    {
        double doubled = shortest.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30));
        return TimeSpan.FromMilliseconds(Math.Min(doubled, longest.TotalMilliseconds) * (1 - random / 2));
    }
}
