namespace FastForward.Transport.Session.Recovery;

/// <summary>What is known of the way of the frames that are sent on a path. Times are in microseconds.</summary>
internal readonly record struct PathQuality
{
    /// <summary>Enough frames were sent, and the peer has reported how long they travel.</summary>
    public required bool IsMeasured { get; init; }

    /// <summary>The ratio of lost frames, 0 to 1.</summary>
    public required double Loss { get; init; }

    /// <summary>The mean number of frames lost in a row.</summary>
    public required double Burst { get; init; }

    /// <summary>The smoothed round trip.</summary>
    public required long RoundTrip { get; init; }

    /// <summary>Frames that are sent per second.</summary>
    public required double FrameRate { get; init; }

    /// <summary>How long the frames travel.</summary>
    public required TransitReport Transit { get; init; }
}
