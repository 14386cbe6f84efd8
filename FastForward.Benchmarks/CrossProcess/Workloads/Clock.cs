using System.Diagnostics;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>CLOCK_MONOTONIC in nanoseconds, comparable between the processes of one machine.</summary>
internal static class Clock
{
    private const long NanosPerSecond = 1_000_000_000;

    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>
    /// Verifies that <see cref="Stopwatch"/> timestamps are CLOCK_MONOTONIC nanoseconds, as on Linux.
    /// </summary>
    public static void Verify()
    {
        if (Stopwatch.Frequency != NanosPerSecond)
            throw new PlatformNotSupportedException(
                $"Stopwatch has {Stopwatch.Frequency} ticks per second; expected nanoseconds."
            );
    }
}
