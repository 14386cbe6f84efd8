using System.Diagnostics;

namespace FastForward.Tests.Simulation;

/// <summary>Runs worlds from consecutive seeds on all cores.</summary>
internal static class Sweep
{
    /// <param name="first">The first seed.</param>
    /// <param name="count">How many.</param>
    /// <param name="stopAfter">The number of failed worlds after which it ends.</param>
    public static SweepResult Run(ulong first, int count, int stopAfter = 1)
    {
        long began = Stopwatch.GetTimestamp();
        SweepResult result = new();
        int next = -1;
        Parallel.For(
            0,
            Environment.ProcessorCount,
            _ =>
            {
                while (Interlocked.Increment(ref next) is int i && i < count && result.Failed.Count < stopAfter)
                    result.Add(first + (ulong)i, TinyWorld.Run(new SeededChoices(first + (ulong)i)));
            }
        );
        result.Duration = Stopwatch.GetElapsedTime(began);
        return result;
    }

    /// <summary>
    /// What the worlds met, and the failed ones. Called by reflection in a variant, whose types are others.
    /// </summary>
    public static (long Marks, (ulong Seed, string Text)[] Failed) Find(ulong first, int count, int stopAfter)
    {
        SweepResult result = Run(first, count, stopAfter);
        return (
            (long)result.Marks,
            [.. result.Failed.Select(static failed => (failed.Key, $"{failed.Value.Failure}: {failed.Value.Text}"))]
        );
    }
}
