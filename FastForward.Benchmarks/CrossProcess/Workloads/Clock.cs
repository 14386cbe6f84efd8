using System.Diagnostics;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>CLOCK_MONOTONIC in nanoseconds: the same for all processes of the machine.</summary>
internal static class Clock
{
    private const long NanosPerSecond = 1_000_000_000;

    public static long Now => Stopwatch.GetTimestamp();

    /// <summary>The runtime's time stamps are the kernel's nanoseconds on Linux; everything here relies on it.</summary>
    public static void Verify()
    {
        if (Stopwatch.Frequency != NanosPerSecond)
            throw new PlatformNotSupportedException(
                $"The time stamps of this runtime count {Stopwatch.Frequency} per second; nanoseconds were expected."
            );
    }
}
