namespace FastForward.Transport.Session;

/// <summary>
/// How the frame of a message arrived, and what may still follow on its path. Times are in microseconds.
/// </summary>
/// <param name="IsOrdered">The path delivers in order, so that no gap is filled later.</param>
/// <param name="Excess">How much longer than the base of the path the frame travelled.</param>
internal readonly record struct FrameArrival(bool IsOrdered, long Excess)
{
    /// <summary>
    /// How much longer than the base the slowest frames of the path travel, but for one of a hundred: what was
    /// overtaken comes until then. long.MaxValue while it is not known.
    /// </summary>
    public long Slowest { get; init; } = long.MaxValue;

    /// <summary>What was lost comes again not earlier than this after it was sent. 0 while it is not known.</summary>
    public long RoundTrip { get; init; }
}
