namespace FastForward.Transport.DependencyInjection;

/// <summary>What the hosted service of a node does.</summary>
public sealed class ForwardServiceOptions
{
    /// <summary>
    /// What follows when the loop ends by an exception (<see cref="Loop.ForwardLoopOptions.FailFast"/>, or a defect of the
    /// library). Default <see cref="LoopFaultAction.StopHost"/>.
    /// </summary>
    public LoopFaultAction OnLoopFault { get; set; } = LoopFaultAction.StopHost;

    /// <summary>
    /// How long the loop may take to answer a health check, 10 ms..1 min. Default 2 s; lower finds a hanging callback
    /// earlier, and takes a busy machine for one.
    /// </summary>
    public TimeSpan HealthLimit { get; set; } = TimeSpan.FromSeconds(2);

    internal IEnumerable<string> FindProblems()
    {
        if (!Enum.IsDefined(OnLoopFault))
            yield return $"OnLoopFault: {(int)OnLoopFault} is no action; use {string.Join(", ", Enum.GetNames<LoopFaultAction>())}.";
        if (HealthLimit < TimeSpan.FromMilliseconds(10) || HealthLimit > TimeSpan.FromMinutes(1))
            yield return $"HealthLimit: {HealthLimit} is outside 10 ms..1 min; 00:00:02 is a good value.";
    }
}
