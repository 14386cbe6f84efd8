namespace FastForward.Transport.DependencyInjection;

/// <summary>What to do when the loop of a node was ended by an exception.</summary>
public enum LoopFaultAction
{
    /// <summary>
    /// Stop the host; its stop fails with the exception, so that the process exits with an error and a supervisor can
    /// restart it.
    /// </summary>
    StopHost,

    /// <summary>
    /// Only log the exception. The node is unhealthy and transfers no messages until the process is restarted.
    /// </summary>
    Log,
}
