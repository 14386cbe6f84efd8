namespace FastForward.Transport;

/// <summary>Why a <see cref="ForwardPipe"/> cannot go on.</summary>
public enum PipeFailure
{
    /// <summary>
    /// The other side aborted the pipe, or its application failed: see <see cref="ForwardPipeException.Code"/>.
    /// </summary>
    Reset,

    /// <summary>
    /// The other side has no listener for the service, or its backlog is full: see
    /// <see cref="ForwardPipeException.Code"/>.
    /// </summary>
    Rejected,

    /// <summary>The connection to the node is lost; what was not acknowledged may or may not have arrived.</summary>
    PeerLost,

    /// <summary>The node is a new process, which does not know the pipe.</summary>
    PeerRestarted,

    /// <summary>
    /// This node did not accept a message of the pipe: no route, the path cannot carry it, a limit is reached.
    /// </summary>
    NotSent,

    /// <summary>This node or client stopped.</summary>
    Stopped,

    /// <summary>The other side does not speak the protocol of pipes: it uses the service for something else.</summary>
    Protocol,
}
