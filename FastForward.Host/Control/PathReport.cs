namespace FastForward.Host.Control;

/// <summary>A path to a peer. Loss and reordering are those of the frames that come in.</summary>
internal sealed record PathReport
{
    /// <summary>The registry name of its transport.</summary>
    public required string Transport { get; init; }

    /// <summary>Where the peer is, as the medium names it; null in the report of an earlier version.</summary>
    public string? Remote { get; init; }

    /// <summary>The local end; null where the medium has no name for it.</summary>
    public string? Local { get; init; }

    /// <summary>No route leads over it any more: it serves until another path does.</summary>
    public bool Former { get; init; }

    /// <summary>Its frames go through memory that both processes share.</summary>
    public bool SharedMemory { get; init; }

    /// <summary>Why they do not; null where they do, and on other transports.</summary>
    public string? NoSharedMemoryReason { get; init; }

    /// <summary>The id of the key that both sides prove; 0 for none.</summary>
    public uint KeyId { get; init; }

    /// <summary>Its frames are sealed.</summary>
    public bool Sealed { get; init; }

    /// <summary><c>opening</c>, <c>sound</c>, <c>suspect</c> or <c>closing</c>.</summary>
    public required string State { get; init; }

    /// <summary>Messages take it.</summary>
    public required bool InUse { get; init; }

    public required double AgeSeconds { get; init; }

    public required long RoundTripMicros { get; init; }

    public required long JitterMicros { get; init; }

    /// <summary>In percent of the frames of the last 30 probe intervals.</summary>
    public required double LossPercent { get; init; }

    /// <summary>In percent of the frames of the last 30 probe intervals.</summary>
    public required double ReorderedPercent { get; init; }

    public required long FramesSent { get; init; }

    public required long FramesReceived { get; init; }

    public required long FramesLost { get; init; }

    public required long FramesReordered { get; init; }

    public long FramesDuplicated { get; init; }

    public double? SecondsSinceHeard { get; init; }

    /// <summary>Since the peer confirmed that something arrived.</summary>
    public double? SecondsSinceDelivered { get; init; }

    /// <summary>Of the frames that come in; null before the first.</summary>
    public TransitFigures? IncomingTransit { get; init; }

    /// <summary>Of the frames that go out, by the report of the peer; null where it makes none.</summary>
    public TransitFigures? OutgoingTransit { get; init; }

    /// <summary>In percent of the frames that go out.</summary>
    public double OutgoingLossPercent { get; init; }

    /// <summary>Frames lost in a row, on average.</summary>
    public double OutgoingLossBurst { get; init; }
}
