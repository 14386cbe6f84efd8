namespace FastForward.Benchmarks.CrossProcess.Processes;

/// <summary>How a process waits for work.</summary>
internal enum Mode
{
    /// <summary>Never sleeps.</summary>
    Spin,

    /// <summary>Spins for 50 microseconds after the last work, then sleeps.</summary>
    Adaptive,

    /// <summary>Sleeps at once.</summary>
    Block,
}
