using System.Diagnostics;

namespace FastForward.Tests.Support;

/// <summary>Waits for a condition that another thread or process brings about. The limit only ends a failed test.</summary>
internal static class Eventually
{
    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    /// <summary>Waits until the condition holds.</summary>
    /// <param name="condition">Looked at again and again.</param>
    /// <param name="what">The condition in words, with whatever was measured, for the failure.</param>
    public static void True(Func<bool> condition, Func<string> what)
    {
        // Most waits are short: look often at first, and let go of the processor only after that.
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

    /// <summary>Waits for a task; its exception, if it has one, comes out.</summary>
    public static void Ends(Task task, string what)
    {
        if (Task.WaitAny([task], s_limit) < 0)
            Assert.Fail($"After {s_limit.TotalSeconds} s still not ended: {what}");
        task.GetAwaiter().GetResult();
    }

    /// <summary>Runs something on a thread of its own and waits for it; its exception, if it has one, comes out.</summary>
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
