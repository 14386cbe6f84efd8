namespace FastForward.Transport.Loop;

/// <summary>Settings of a <see cref="ForwardLoop"/>.</summary>
public sealed class ForwardLoopOptions
{
    /// <summary>What the loop does without work. Default <see cref="IdleStrategy.Adaptive"/>.</summary>
    public IdleStrategy Idle { get; set; } = IdleStrategy.Adaptive;

    /// <summary>
    /// How long <see cref="IdleStrategy.Adaptive"/> spins after the last work, 0 to 1 s. Default 50 microseconds; a
    /// longer time spends CPU to avoid wake-ups.
    /// </summary>
    public TimeSpan SpinTime { get; set; } = TimeSpan.FromMicroseconds(50);

    /// <summary>
    /// The most items one source may handle in one cycle. Default 256; lower is fairer, higher batches better.
    /// </summary>
    public int PollBudget { get; set; } = 256;

    /// <summary>
    /// A cycle that takes longer is counted and logged as slow; 1 microsecond or more. Default 10 ms (a sixth of a
    /// voice frame).
    /// </summary>
    public TimeSpan SlowCycleLimit { get; set; } = TimeSpan.FromMilliseconds(10);

    /// <summary>
    /// How long after its first cycle the loop counts and logs no cycle as slow, and no actor's call either: the
    /// runtime compiles code when it is first used. 0 to 10 min, default 10 s.
    /// </summary>
    public TimeSpan SlowCycleGrace { get; set; } = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether an exception from a callback ends the loop instead of being logged and counted. Default false. Turn it
    /// on where a supervisor restarts the process and an incomplete callback is worse than a restart.
    /// </summary>
    public bool FailFast { get; set; }

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new ArgumentException(problems);
    }

    /// <summary>Every problem: the option, what is wrong, and a valid example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (!Enum.IsDefined(Idle))
            yield return $"Idle: {(int)Idle} is no idle strategy; use "
                + $"{string.Join(", ", Enum.GetNames<IdleStrategy>())}.";
        if (SpinTime < TimeSpan.Zero || SpinTime > TimeSpan.FromSeconds(1))
            yield return $"SpinTime: {SpinTime} is outside 0..1 s; use for example 00:00:00.000050.";
        if (PollBudget is < 1 or > 65_536)
            yield return $"PollBudget: {PollBudget} is outside 1..65536; use for example 256.";
        if (SlowCycleLimit < TimeSpan.FromMicroseconds(1))
            yield return $"SlowCycleLimit: {SlowCycleLimit} is below 1 microsecond; use for example 00:00:00.010.";
        if (SlowCycleGrace < TimeSpan.Zero || SlowCycleGrace > TimeSpan.FromMinutes(10))
            yield return $"SlowCycleGrace: {SlowCycleGrace} is outside 0..10 min; use for example 00:00:10.";
    }
}
