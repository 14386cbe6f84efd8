namespace FastForward.Transport.Loop;

/// <summary>What a loop does between duty cycles.</summary>
public enum IdleStrategy
{
    /// <summary>
    /// Spins for a bounded time (<see cref="ForwardLoopOptions.SpinTime"/>) after the last work, then sleeps until the
    /// next event. Low latency under traffic, no CPU without. On a machine with one CPU it does not spin.
    /// </summary>
    Adaptive,

    /// <summary>Never sleeps: the lowest latency, one whole core per loop.</summary>
    BusySpin,

    /// <summary>
    /// Waits in the kernel after every cycle, unless more is ready: the least CPU, at the price of a wake-up (tens of
    /// microseconds) per message.
    /// </summary>
    Block,
}
