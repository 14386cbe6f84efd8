using System.Net;

namespace FastForward.Transport;

/// <summary>The outcome of one probe.</summary>
public enum PingOutcome
{
    /// <summary>The peer's session answered.</summary>
    Answered,

    /// <summary>No answer came in time.</summary>
    TimedOut,

    /// <summary>The path ended before an answer came.</summary>
    PathLost,

    /// <summary>The path carries only shorter frames than that of the probe, which was not sent.</summary>
    TooLong,
}

/// <summary>The end of one probe that <see cref="ForwardNode.Ping"/> sent.</summary>
/// <param name="Node">The peer.</param>
/// <param name="Outcome">Whether it was answered.</param>
/// <param name="Transport">The medium of its path; null for the node's own id.</param>
/// <param name="IsPathInUse">Whether messages to the peer take this path now.</param>
/// <param name="RoundTrip">
/// Time from the call to the arrival of the answer, on the clock of the loop (read once per duty cycle); zero without
/// an answer.
/// </param>
/// <param name="HoldTime">
/// The part of it for which the peer reports to have held the probe; zero without an answer.
/// </param>
public readonly record struct PingResult(
    uint Node,
    PingOutcome Outcome,
    TransportKind? Transport,
    bool IsPathInUse,
    TimeSpan RoundTrip,
    TimeSpan HoldTime
)
{
    /// <summary>Where the peer is, over IP and RDMA; else null.</summary>
    public IPEndPoint? Remote { get; init; }

    /// <summary>The local address, where paths to the peer differ in it; else null.</summary>
    public IPAddress? Local { get; init; }
}
