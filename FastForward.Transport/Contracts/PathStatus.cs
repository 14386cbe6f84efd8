namespace FastForward.Transport;

/// <summary>The state of one path, which is one link to a peer.</summary>
public enum PathState
{
    /// <summary>The handshake is under way.</summary>
    Opening,

    /// <summary>It answers.</summary>
    Sound,

    /// <summary>Three probes in a row went unanswered.</summary>
    Suspect,

    /// <summary>It is about to end.</summary>
    Closing,
}

/// <summary>A snapshot of one path to a peer. Loss and reordering are those of the frames that come in.</summary>
public sealed record PathStatus
{
    /// <summary>The medium.</summary>
    public required TransportKind Transport { get; init; }

    /// <summary>The state.</summary>
    public required PathState State { get; init; }

    /// <summary>Our messages take it.</summary>
    public required bool IsInUse { get; init; }

    /// <summary>How long it has been since its link opened.</summary>
    public required TimeSpan Age { get; init; }

    /// <summary>Smoothed round trip in microseconds (RFC 6298, section 2), by a probe a second; 0 when not measured yet.</summary>
    public required long RoundTripMicros { get; init; }

    /// <summary>Interarrival jitter in microseconds (RFC 3550, section 6.4.1).</summary>
    public required long JitterMicros { get; init; }

    /// <summary>The share of the peer's frames of the last 30 probe intervals that did not come, 0 to 1; always 0 on a reliable medium.</summary>
    public required double LossRatio { get; init; }

    /// <summary>The share of the frames that came in the last 30 probe intervals that came after a later one, 0 to 1; always 0 on an ordered medium.</summary>
    public required double ReorderedRatio { get; init; }

    /// <summary>Frames with messages or probes that came since the path was opened.</summary>
    public required long FramesReceived { get; init; }

    /// <summary>Frames that did not come since the path was opened, by the gaps in their numbers.</summary>
    public required long FramesLost { get; init; }

    /// <summary>Frames that came after a later one since the path was opened (RFC 4737, section 3.3).</summary>
    public required long FramesReordered { get; init; }

    /// <summary>Frames with messages or probes that were sent since the path was opened.</summary>
    public required long FramesSent { get; init; }

    /// <summary>Probes in a row that went unanswered; 3 make the path suspect.</summary>
    public required int ProbesMissed { get; init; }
}
