namespace FastForward.Transport.Session;

/// <summary>
/// What a path measures of its frames, beyond <see cref="PathMeasurement"/>. Created with the first frame: a path that
/// is never established needs none.
/// </summary>
internal sealed class PathFigures
{
    private const long TimerSlack = 1_000;

    private ulong _framesBefore;
    private long _intervalBegan;

    /// <summary>How long the frames of the peer travel.</summary>
    public TransitMeter Transits { get; } = new();

    /// <summary>How long the frames to the peer travel, as it reports it; null while it has not.</summary>
    public TransitReport? PeerReport { get; set; }

    /// <summary>When a frame of the peer arrived last; -1 for never.</summary>
    public long LastHeard { get; set; } = -1;

    /// <summary>When the peer confirmed last that a frame or probe arrived; -1 for never.</summary>
    public long LastDelivered { get; set; } = -1;

    /// <summary>Frames that arrived again.</summary>
    public long Duplicates { get; set; }

    /// <summary>Frames sent per second in the last probe interval.</summary>
    public double FrameRate { get; private set; }

    /// <summary>See <see cref="FrameArrival.Slowest"/>.</summary>
    public long Slowest { get; private set; } = long.MaxValue;

    /// <summary>A probe interval has ended.</summary>
    /// <param name="now">The time.</param>
    /// <param name="frames">The frames that were sent so far.</param>
    public void EndInterval(long now, ulong frames)
    {
        if (_intervalBegan > 0)
            FrameRate = (frames - _framesBefore) * 1_000_000.0 / Math.Max(now - _intervalBegan, 1);
        _framesBefore = frames;
        _intervalBegan = now;
        if (Transits.Count < TransitMeter.Enough)
            return;
        long slowest = Transits.Quantile(99);
        Slowest = slowest < DelayHistogram.Longest ? slowest + TimerSlack : long.MaxValue;
    }
}
