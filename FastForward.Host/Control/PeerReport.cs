namespace FastForward.Host.Control;

/// <summary>A peer of a running node.</summary>
internal sealed record PeerReport
{
    public required uint Node { get; init; }

    /// <summary><c>connected</c>, <c>suspect</c>, <c>connecting</c>, or <c>notHeard</c> (never connected).</summary>
    public required string State { get; init; }

    public required double InStateSeconds { get; init; }

    /// <summary>Why it is not connected; null when it is.</summary>
    public string? Reason { get; init; }

    /// <summary>
    /// Why the last process that claimed to be this node was refused; null when none was. It may be a stranger.
    /// </summary>
    public string? RefusedClaim { get; init; }

    /// <summary>How long ago that was; null when none was.</summary>
    public double? RefusedClaimSecondsAgo { get; init; }

    /// <summary>The one in use first.</summary>
    public required IReadOnlyList<PathReport> Paths { get; init; }

    public required long StoredBytes { get; init; }

    public required long StoreLimitBytes { get; init; }

    public required long MessagesSent { get; init; }

    public required long PayloadBytesSent { get; init; }

    public required long MessagesReceived { get; init; }

    public required long PayloadBytesReceived { get; init; }

    public required long UndeliveredMessages { get; init; }

    public required long SkippedMessages { get; init; }

    public required long DroppedMessages { get; init; }

    public long RepeatedMessages { get; init; }

    public long CopiedMessages { get; init; }

    public long HeldMessages { get; init; }

    public long SavedMessages { get; init; }

    /// <summary>Real-time messages that went over a second path, too.</summary>
    public long SentTwice { get; init; }

    /// <summary>Real-time messages that came over a second path.</summary>
    public long ReceivedTwice { get; init; }

    /// <summary>Real-time messages that came over a second path alone.</summary>
    public long RescuedMessages { get; init; }

    public long LateMessages { get; init; }

    /// <summary>How often each real-time message to it is sent beyond the first time.</summary>
    public int RealTimeCopies { get; init; }

    /// <summary>Why; null without an association.</summary>
    public string? RealTimeCopiesReason { get; init; }

    /// <summary>Its path loses real-time messages that nothing can save now.</summary>
    public bool LosesRealTime { get; init; }
}
