namespace FastForward.Transport.DependencyInjection;

/// <summary>What to do when the loop of a node was ended by an exception.</summary>
public enum LoopFaultAction
{
    /// <summary>
    /// Stop the host, whose stop fails with the exception: the process ends with an error, and a supervisor can restart
    /// it.
    /// </summary>
    StopHost,

    /// <summary>Only log it. The node carries nothing until the process is restarted, and is unhealthy.</summary>
    Log,
}
