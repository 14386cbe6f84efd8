namespace FastForward.Transport;

/// <summary>The state of the connection to a peer.</summary>
public enum PeerState
{
    /// <summary>No association: connecting, or waiting for the peer.</summary>
    Connecting,

    /// <summary>An association exists, and a path answers.</summary>
    Connected,

    /// <summary>An association exists, but no path answers at the moment.</summary>
    Suspect,
}

/// <summary>A snapshot of one peer. Counters begin when its route is first known.</summary>
public sealed class PeerStatus
{
    internal PeerStatus() { }

    /// <summary>The peer.</summary>
    public uint Node { get; internal init; }

    /// <summary>The state of the connection.</summary>
    public PeerState State { get; internal init; }

    /// <summary>Time in this state.</summary>
    public TimeSpan InState { get; internal init; }

    /// <summary>
    /// Why the peer is not connected, not over the medium that its row names, or over a path on which long frames do
    /// not arrive; null when it is connected as configured.
    /// </summary>
    public string? Reason { get; internal init; }

    /// <summary>
    /// Why the last process that claimed to be this node was refused; null when none was. It may have been a stranger.
    /// </summary>
    public string? RefusedClaim { get; internal init; }

    /// <summary>How long ago that was; without a meaning when none was refused.</summary>
    public TimeSpan RefusedClaimAge { get; internal init; }

    /// <summary>The paths to it, the one in use first.</summary>
    public IReadOnlyList<PathStatus> Paths { get; internal init; } = [];

    /// <summary>The path that messages to the peer take; null without one.</summary>
    public PathStatus? PathInUse => Paths.Count > 0 && Paths[0].IsInUse ? Paths[0] : null;

    /// <summary>The medium of <see cref="PathInUse"/>; null without one.</summary>
    public TransportKind? Transport => PathInUse?.Transport;

    /// <summary><see cref="PathStatus.RoundTrip"/> of <see cref="PathInUse"/>; null without one.</summary>
    public TimeSpan? RoundTrip => PathInUse?.RoundTrip;

    /// <summary>What the send store holds, as its limit counts it: payload bytes plus 64 for each message.</summary>
    public long UnacknowledgedBytes { get; internal init; }

    /// <summary>The limit of the send store (<see cref="ForwardNodeOptions.SendStoreBytes"/>).</summary>
    public long SendStoreBytes { get; internal init; }

    /// <summary>The random number that the peer's process chose at its start; 0 before it was heard.</summary>
    public ulong Incarnation { get; internal init; }

    /// <summary>Messages to the peer that Send accepted.</summary>
    public long MessagesSent { get; internal init; }

    /// <summary>Their payload in bytes.</summary>
    public long PayloadBytesSent { get; internal init; }

    /// <summary>Messages of the peer that were handed to the handler.</summary>
    public long MessagesReceived { get; internal init; }

    /// <summary>Their payload in bytes.</summary>
    public long PayloadBytesReceived { get; internal init; }

    /// <summary>Accepted messages to the peer that were reported as undelivered.</summary>
    public long UndeliveredMessages { get; internal init; }

    /// <summary>Real-time messages of the peer that were skipped because they did not arrive.</summary>
    public long SkippedMessages { get; internal init; }

    /// <summary>Real-time messages to the peer that were sent again, because a path lost them.</summary>
    public long RepeatedMessages { get; internal init; }

    /// <summary>
    /// Copies of real-time messages to the peer that were sent before it was known whether the original arrives.
    /// </summary>
    public long CopiedMessages { get; internal init; }

    /// <summary>Real-time messages of the peer that waited for others before them.</summary>
    public long HeldMessages { get; internal init; }

    /// <summary>Real-time messages of the peer that were delivered from a repetition or a copy.</summary>
    public long SavedMessages { get; internal init; }

    /// <summary>Real-time messages of the peer that came too late and were dropped.</summary>
    public long LateMessages { get; internal init; }

    /// <summary>
    /// How often each real-time message to the peer is sent beyond the first time, by
    /// <see cref="ForwardNodeOptions.RealTimeRedundancy"/> and what the path is like.
    /// </summary>
    public int RealTimeCopies { get; internal init; }

    /// <summary>Why, in words for an operator; null without an association.</summary>
    public string? RealTimeCopiesReason { get; internal init; }

    /// <summary>
    /// The path loses real-time messages that nothing can save now: it is congested, or so slow that even copies come
    /// too late. <see cref="RealTimeCopiesReason"/> says which.
    /// </summary>
    public bool LosesRealTime { get; internal init; }

    /// <summary>Real-time messages to the peer that were sent over a second path, too.</summary>
    public long SentTwice { get; internal init; }

    /// <summary>Real-time messages of the peer that came over a second path, first or not.</summary>
    public long ReceivedTwice { get; internal init; }

    /// <summary>
    /// Real-time messages of the peer that came over a second path alone. What came over neither is in
    /// <see cref="SkippedMessages"/>.
    /// </summary>
    public long RescuedMessages { get; internal init; }

    /// <summary>Messages of the peer that were dropped: late, repeated, or of a stream that had ended.</summary>
    public long DroppedMessages { get; internal init; }
}
