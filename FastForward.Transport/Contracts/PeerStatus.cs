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
public sealed record PeerStatus
{
    /// <summary>The peer.</summary>
    public required uint Node { get; init; }

    /// <summary>The state of the connection.</summary>
    public required PeerState State { get; init; }

    /// <summary>Time in this state.</summary>
    public required TimeSpan InState { get; init; }

    /// <summary>
    /// Why the peer is not connected, or not over the medium that its row names; null when it is connected as
    /// configured.
    /// </summary>
    public required string? Reason { get; init; }

    /// <summary>The paths to it, the one in use first.</summary>
    public required IReadOnlyList<PathStatus> Paths { get; init; }

    /// <summary>The path that messages to the peer take; null without one.</summary>
    public PathStatus? PathInUse => Paths.Count > 0 && Paths[0].IsInUse ? Paths[0] : null;

    /// <summary>The medium of <see cref="PathInUse"/>; null without one.</summary>
    public TransportKind? Transport => PathInUse?.Transport;

    /// <summary><see cref="PathStatus.RoundTrip"/> of <see cref="PathInUse"/>; null without one.</summary>
    public TimeSpan? RoundTrip => PathInUse?.RoundTrip;

    /// <summary><see cref="PathStatus.Jitter"/> of <see cref="PathInUse"/>; null without one.</summary>
    public TimeSpan? Jitter => PathInUse?.Jitter;

    /// <summary>What the send store holds, as its limit counts it: payload bytes plus 64 for each message.</summary>
    public required long UnacknowledgedBytes { get; init; }

    /// <summary>The limit of the send store (<see cref="ForwardNodeOptions.SendStoreBytes"/>).</summary>
    public required long SendStoreBytes { get; init; }

    /// <summary>The random number that the peer's process chose at its start; 0 before it was heard.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>Messages to the peer that Send accepted.</summary>
    public required long MessagesSent { get; init; }

    /// <summary>Their payload in bytes.</summary>
    public required long PayloadBytesSent { get; init; }

    /// <summary>Messages of the peer that were handed to the handler.</summary>
    public required long MessagesReceived { get; init; }

    /// <summary>Their payload in bytes.</summary>
    public required long PayloadBytesReceived { get; init; }

    /// <summary>Accepted messages to the peer that were reported as undelivered.</summary>
    public required long UndeliveredMessages { get; init; }

    /// <summary>Real-time messages of the peer that were skipped because they did not arrive.</summary>
    public required long SkippedMessages { get; init; }

    /// <summary>Messages of the peer that were dropped: late, repeated, or of a stream that had ended.</summary>
    public required long DroppedMessages { get; init; }
}
