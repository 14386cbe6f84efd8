namespace FastForward.Transport.Node;

/// <summary>
/// The figures of one peer, readable on any thread: each value is consistent by itself, but the values may be of
/// different moments.
/// </summary>
/// <param name="Statistics">The counters of the peer.</param>
/// <param name="State">The state of its connection.</param>
/// <param name="StoredBytes">Bytes in its send store, counted as for the limit.</param>
/// <param name="Path">The path in use, once its round trip is measured; null otherwise.</param>
/// <param name="Copies">How often real-time messages are sent; null without an association.</param>
internal readonly record struct PeerReading(
    PeerStatistics Statistics,
    PeerState State,
    long StoredBytes,
    PathReading? Path,
    CopyReading? Copies
);

/// <summary>The figures of a path.</summary>
/// <param name="Transport">Its medium.</param>
/// <param name="RoundTripMicros">Smoothed round trip.</param>
/// <param name="JitterMicros">Interarrival jitter.</param>
internal readonly record struct PathReading(TransportKind Transport, long RoundTripMicros, long JitterMicros);

/// <summary>How often real-time messages to a peer are sent.</summary>
/// <param name="Copies">How often beyond the first time.</param>
/// <param name="Reason">Why.</param>
internal readonly record struct CopyReading(int Copies, CopyReason Reason);
