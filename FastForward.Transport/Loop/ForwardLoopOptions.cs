namespace FastForward.Transport.Loop;

/// <summary>Settings of a <see cref="ForwardLoop"/>.</summary>
public sealed class ForwardLoopOptions
{
    /// <summary>What to do without work. Default <see cref="IdleStrategy.Adaptive"/>.</summary>
    public IdleStrategy Idle { get; set; } = IdleStrategy.Adaptive;

    /// <summary>
    /// How long <see cref="IdleStrategy.Adaptive"/> spins after the last work, in microseconds. Default 50; more burns
    /// CPU for rarer wake-ups.
    /// </summary>
    public int SpinMicros { get; set; } = 50;

    /// <summary>
    /// The most items one source may handle in one cycle. Default 256; lower is fairer, higher batches better.
    /// </summary>
    public int PollBudget { get; set; } = 256;

    /// <summary>
    /// A cycle longer than this, in microseconds, is counted and logged as slow. Default 10,000 (a sixth of a voice
    /// frame).
    /// </summary>
    public int SlowCycleMicros { get; set; } = 10_000;

    /// <summary>
    /// An exception out of a callback ends the loop instead of being logged and counted. Default false. Turn it on where a
    /// supervisor restarts the process and a half-done callback is worse than a restart.
    /// </summary>
    public bool FailFast { get; set; }

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new ArgumentException(problems);
    }

    /// <summary>Every problem, each with the option, what is wrong and a right example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (!Enum.IsDefined(Idle))
            yield return $"Idle: {(int)Idle} is no idle strategy; use {string.Join(", ", Enum.GetNames<IdleStrategy>())}.";
        if (SpinMicros is < 0 or > 1_000_000)
            yield return $"SpinMicros: {SpinMicros} is outside 0..1000000; 50 is a good value.";
        if (PollBudget is < 1 or > 65_536)
            yield return $"PollBudget: {PollBudget} is outside 1..65536; 256 is a good value.";
        if (SlowCycleMicros < 1)
            yield return $"SlowCycleMicros: {SlowCycleMicros} is below 1; 10000 is a good value.";
    }
}
