namespace FastForward.Transport;

/// <summary>What became of one probe.</summary>
public enum PingOutcome
{
    /// <summary>The peer's session answered.</summary>
    Answered,

    /// <summary>No answer came in time.</summary>
    TimedOut,

    /// <summary>The path ended before an answer came.</summary>
    PathLost,
}

/// <summary>The end of one probe that <see cref="ForwardNode.Ping"/> sent.</summary>
/// <param name="Node">The peer.</param>
/// <param name="Outcome">What became of it.</param>
/// <param name="Transport">The medium of its path; null for the node's own id, where nothing travels.</param>
/// <param name="IsPathInUse">Messages to the peer take this path now.</param>
/// <param name="RoundTripMicros">
/// Microseconds from the call to the arrival of the answer, as the loop's clock has them (read once per duty cycle); 0
/// without an answer.
/// </param>
/// <param name="HoldMicros">How much of it the peer says it held the probe; 0 without an answer.</param>
public readonly record struct PingResult(
    uint Node,
    PingOutcome Outcome,
    TransportKind? Transport,
    bool IsPathInUse,
    long RoundTripMicros,
    long HoldMicros
);
