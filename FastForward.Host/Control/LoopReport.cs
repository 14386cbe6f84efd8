namespace FastForward.Host.Control;

/// <summary>The state of the loop of a node.</summary>
/// <param name="Idle">What it does without work: the word of the instance file.</param>
/// <param name="Cycles">Duty cycles.</param>
/// <param name="TotalCycleMicros">The duration of all of them together.</param>
/// <param name="LongestCycleMicros">The longest one.</param>
/// <param name="SlowCycles">Those longer than <paramref name="SlowCycleMicros"/>.</param>
/// <param name="SlowCycleMicros">The limit.</param>
/// <param name="Stalls">Times the process did not run when it should have.</param>
/// <param name="CallbackFailures">Exceptions out of callbacks.</param>
internal sealed record LoopReport(
    string Idle,
    long Cycles,
    long TotalCycleMicros,
    long LongestCycleMicros,
    long SlowCycles,
    int SlowCycleMicros,
    long Stalls,
    long CallbackFailures
);
