namespace FastForward.Transport;

/// <summary>Why no more messages follow on an incoming stream.</summary>
public enum StreamEndReason
{
    /// <summary>The sender ended it in order.</summary>
    Ended,

    /// <summary>The sender reset it, with a code.</summary>
    Reset,

    /// <summary>The association with the sender is dead.</summary>
    PeerLost,

    /// <summary>It was idle and was evicted to make room for others.</summary>
    Evicted,
}

/// <summary>The end of an incoming stream.</summary>
/// <param name="Node">The sender.</param>
/// <param name="Stream">The stream.</param>
/// <param name="Reason">Why.</param>
/// <param name="Code">The sender's code for <see cref="StreamEndReason.Reset"/>, else 0.</param>
/// <param name="SkippedBefore">
/// How many places directly before the end were skipped because their messages were lost.
/// </param>
public readonly record struct StreamEnd(
    uint Node,
    ulong Stream,
    StreamEndReason Reason,
    uint Code = 0,
    ulong SkippedBefore = 0
)
{
    /// <summary>The service and direction that the stream belongs to.</summary>
    public ServiceId Service => ServiceId.OfStream(Stream);
}
