namespace FastForward.Transport;

/// <summary>The state of the connection to a peer.</summary>
public enum PeerState
{
    /// <summary>No association: connecting, or waiting for the peer.</summary>
    Connecting,

    /// <summary>Messages flow.</summary>
    Connected,

    /// <summary>An association exists, but no path is sound at the moment.</summary>
    Suspect,
}

/// <summary>A snapshot of one peer. Counters begin when its route is first known.</summary>
public sealed record PeerStatus
{
    /// <summary>The peer.</summary>
    public required uint Node { get; init; }

    /// <summary>The state of the connection.</summary>
    public required PeerState State { get; init; }

    /// <summary>How long it has been in this state.</summary>
    public required TimeSpan InState { get; init; }

    /// <summary>Why the peer is not connected, or not over the medium that its row names, for a person; null when all is as it should be.</summary>
    public required string? Reason { get; init; }

    /// <summary>The paths to it, the one in use first.</summary>
    public required IReadOnlyList<PathStatus> Paths { get; init; }

    /// <summary>The path that our messages take; null without one.</summary>
    public PathStatus? PathInUse => Paths.Count > 0 && Paths[0].IsInUse ? Paths[0] : null;

    /// <summary>The medium of <see cref="PathInUse"/>; null without one.</summary>
    public TransportKind? Transport => PathInUse?.Transport;

    /// <summary>Smoothed round trip of <see cref="PathInUse"/> in microseconds; 0 when not measured yet.</summary>
    public long RoundTripMicros => PathInUse?.RoundTripMicros ?? 0;

    /// <summary>Interarrival jitter (RFC 3550, section 6.4.1) of <see cref="PathInUse"/> in microseconds.</summary>
    public long JitterMicros => PathInUse?.JitterMicros ?? 0;

    /// <summary>What the send store holds, as its limit counts it: payload bytes plus 64 for each message.</summary>
    public required long UnacknowledgedBytes { get; init; }

    /// <summary>The limit of the send store (<see cref="ForwardNodeOptions.SendStoreBytes"/>).</summary>
    public required long SendStoreBytes { get; init; }

    /// <summary>The number the peer's process gave itself at its start; 0 before it was heard.</summary>
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

    /// <summary>Places of the peer's real-time streams that were skipped because their messages had not come.</summary>
    public required long SkippedMessages { get; init; }

    /// <summary>Messages of the peer that were dropped: late, repeated, or of a stream that had ended.</summary>
    public required long DroppedMessages { get; init; }
}
