namespace FastForward.Host.Control;

/// <summary>The outcome of one probe.</summary>
/// <param name="Sequence">Which time of asking it belongs to, from 1; each has a probe per path.</param>
/// <param name="Outcome">One of the constants here.</param>
/// <param name="InUse">Messages take this path.</param>
/// <param name="RoundTripMicros">The round trip in microseconds; 0 without an answer.</param>
/// <param name="HoldMicros">How much of it the node held the probe.</param>
/// <param name="Transport">The registry name of its path's transport; null for the own node and without a path.</param>
/// <param name="Reason">Why there was no probe; null when there was one.</param>
/// <param name="Remote">Where the peer is, over IP and RDMA; else null.</param>
/// <param name="Local">The local address, where paths differ in it; else null.</param>
internal sealed record PingReply(
    long Sequence,
    string Outcome,
    bool InUse,
    long RoundTripMicros,
    long HoldMicros,
    string? Transport = null,
    string? Reason = null,
    string? Remote = null,
    string? Local = null
)
{
    public const string Answered = "answered";
    public const string TimedOut = "timedOut";
    public const string PathLost = "pathLost";
    public const string TooLong = "tooLong";
    public const string NotConnected = "notConnected";
}
