namespace FastForward.Transport;

/// <summary>Why accepted messages were not delivered.</summary>
public enum UndeliveredReason
{
    /// <summary>The association died before the messages were acknowledged.</summary>
    PeerLost,

    /// <summary>The peer was restarted: its new process does not know the old streams.</summary>
    PeerRestarted,

    /// <summary>
    /// They could not leave before their real-time budget was used up or, without one, before newer messages needed
    /// their room.
    /// </summary>
    Expired,

    /// <summary>The stream was reset.</summary>
    StreamReset,

    /// <summary>The node stopped before they were acknowledged.</summary>
    Stopped,

    /// <summary>A real-time message is longer than what the only path carries since it was accepted.</summary>
    TooLarge,
}

/// <summary>
/// A run of messages of one stream that were accepted but not acknowledged. Some of them may have arrived nevertheless.
/// </summary>
/// <param name="Node">The peer.</param>
/// <param name="Stream">The stream.</param>
/// <param name="FirstSequence">The first of the run.</param>
/// <param name="Count">Its length.</param>
/// <param name="Reason">Why.</param>
public readonly record struct Undelivered(
    uint Node,
    ulong Stream,
    ulong FirstSequence,
    ulong Count,
    UndeliveredReason Reason
)
{
    /// <summary>The service and direction that the stream belongs to.</summary>
    public ServiceId Service => ServiceId.OfStream(Stream);
}
