namespace FastForward.Transport;

/// <summary>Why a <see cref="ForwardPipe"/> cannot go on.</summary>
public enum PipeFailure
{
    /// <summary>The other side gave the pipe up, or its application failed: <see cref="ForwardPipeException.Code"/> tells more.</summary>
    Reset,

    /// <summary>The other side has no listener for the service, or its backlog is full: <see cref="ForwardPipeException.Code"/> tells which.</summary>
    Rejected,

    /// <summary>The connection to the node is lost; what was not acknowledged may or may not have arrived.</summary>
    PeerLost,

    /// <summary>The node came back as a new process, which knows nothing of the pipe.</summary>
    PeerRestarted,

    /// <summary>The node refused a message of the pipe: no route leads there, the path cannot carry it, a limit is reached.</summary>
    NotSent,

    /// <summary>This node or client stopped.</summary>
    Stopped,

    /// <summary>What came is not a pipe's: the other side uses the service for something else.</summary>
    Protocol,
}
