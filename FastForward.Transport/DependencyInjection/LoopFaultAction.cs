namespace FastForward.Transport.DependencyInjection;

/// <summary>What follows when the loop of a node ended by an exception.</summary>
public enum LoopFaultAction
{
    /// <summary>The host stops, and its stop fails with the exception: the process ends with an error, a supervisor can restart it.</summary>
    StopHost,

    /// <summary>It is logged. The node is dead until the process is restarted; health checks say so.</summary>
    Log,
}
