namespace FastForward.Transport.DependencyInjection;

/// <summary>Settings of the hosted service of a node.</summary>
public sealed class ForwardServiceOptions
{
    /// <summary>
    /// What to do when the loop is ended by an exception (<see cref="Loop.ForwardLoopOptions.FailFast"/>, or a defect
    /// of the library). Default <see cref="LoopFaultAction.StopHost"/>.
    /// </summary>
    public LoopFaultAction OnLoopFault { get; set; } = LoopFaultAction.StopHost;

    /// <summary>
    /// The time within which the loop must respond to a health check; 10 ms..1 min, default 2 s. A lower value detects
    /// a blocked loop earlier, but may report a loop on a busy machine as blocked.
    /// </summary>
    public TimeSpan HealthLimit { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// Adds the metrics that have many series for each peer; see
    /// <see cref="Diagnostics.ForwardMetrics(System.Diagnostics.Metrics.IMeterFactory?, bool)"/>. Default false.
    /// </summary>
    public bool PeerMetrics { get; set; }

    internal IEnumerable<string> FindProblems()
    {
        if (!Enum.IsDefined(OnLoopFault))
            yield return $"OnLoopFault: {(int)OnLoopFault} is not an action; use "
                + $"{string.Join(", ", Enum.GetNames<LoopFaultAction>())}.";
        if (HealthLimit < TimeSpan.FromMilliseconds(10) || HealthLimit > TimeSpan.FromMinutes(1))
            yield return $"HealthLimit: {HealthLimit} is outside 10 ms..1 min; 00:00:02 is a good value.";
    }
}
