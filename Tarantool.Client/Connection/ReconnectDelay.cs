namespace Tarantool.Client.Connection;

/// <summary>
/// How long to wait before an attempt: doubling from the shortest to the longest delay, each shortened by a random
/// part of up to one half.
/// </summary>
internal static class ReconnectDelay
{
    /// <param name="shortest">The first delay.</param>
    /// <param name="longest">The upper bound.</param>
    /// <param name="failures">How many attempts failed before; 0 for the first.</param>
    /// <param name="random">From 0 to below 1.</param>
    public static TimeSpan Next(TimeSpan shortest, TimeSpan longest, int failures, double random)
    {
        double doubled = shortest.TotalMilliseconds * Math.Pow(2, Math.Min(failures, 30));
        return TimeSpan.FromMilliseconds(Math.Min(doubled, longest.TotalMilliseconds) * (1 - random / 2));
    }
}
