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

/// <summary>A snapshot of one peer.</summary>
/// <param name="Node">The peer.</param>
/// <param name="State">The state of the connection.</param>
/// <param name="Transport">The medium of the path that our messages take; null without one.</param>
/// <param name="RoundTripMicros">Smoothed round trip of that path in microseconds; 0 when not measured yet.</param>
/// <param name="JitterMicros">Interarrival jitter (RFC 3550, section 6.4.1) of that path in microseconds.</param>
/// <param name="UnacknowledgedBytes">What the send store holds, as its limit counts it: payload octets plus 64 for each message.</param>
/// <param name="Incarnation">The number the peer's process gave itself at its start; 0 before it was heard.</param>
public sealed record PeerStatus(
    uint Node,
    PeerState State,
    TransportKind? Transport,
    long RoundTripMicros,
    long JitterMicros,
    long UnacknowledgedBytes,
    ulong Incarnation);
