using System.Diagnostics;

namespace FastForward.Tests.Support;

/// <summary>
/// Waits for a condition that depends on another thread or process. The time limit is reached only by a failing test.
/// </summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="condition">Evaluated repeatedly.</param>
    /// <param name="what">Describes the condition, with measured values, for the failure message.</param>
    public static void True(Func<bool> condition, Func<string> what)
    {
        // Most waits are short: spin without sleeping at first.
        long began = Stopwatch.GetTimestamp();
        for (
            SpinWait spin = default;
            Stopwatch.GetElapsedTime(began).TotalMilliseconds < 2;
            spin.SpinOnce(sleep1Threshold: -1)
        )
        {
            if (condition())
                return;
        }

        if (!SpinWait.SpinUntil(condition, s_limit))
            Assert.Fail($"After {s_limit.TotalSeconds} s still not: {what()}");
    }

    /// <summary>Waits for a task and rethrows its exception.</summary>
    public static void Ends(Task task, string what)
    {
        if (Task.WaitAny([task], s_limit) < 0)
            Assert.Fail($"After {s_limit.TotalSeconds} s still not ended: {what}");
        task.GetAwaiter().GetResult();
    }

    /// <summary>Runs an action on a new thread, waits for it, and rethrows its exception.</summary>
    public static void RunsOnOtherThread(Action action) =>
        Ends(
            Task.Factory.StartNew(
                action,
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            ),
            "the other thread"
        );
}
