namespace FastForward.Transport.Loop;

/// <summary>What a loop does between duty cycles.</summary>
public enum IdleStrategy
{
    /// <summary>
    /// Spins for a bounded time (<see cref="ForwardLoopOptions.SpinMicros"/>) after the last work, then sleeps until the
    /// next event. Low latency under traffic, no CPU without. On a machine with one CPU it does not spin.
    /// </summary>
    Adaptive,

    /// <summary>Never sleeps: the lowest latency, one whole core per loop.</summary>
    BusySpin,

    /// <summary>Asks the kernel after every cycle, and sleeps unless there is more: the least CPU, at the price of a wake-up (tens of microseconds) per message.</summary>
    Block,
}
