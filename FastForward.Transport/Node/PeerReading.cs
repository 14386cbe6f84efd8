namespace FastForward.Transport.Node;

/// <summary>
/// The figures of one peer as a thread other than the loop's may read them: each value is right by itself, but they need
/// not be of the same moment.
/// </summary>
/// <param name="Statistics">The counters of the peer.</param>
/// <param name="State">The state of its connection.</param>
/// <param name="StoredBytes">What its send store holds, as its limit counts it.</param>
/// <param name="Path">The measured path that messages take; null without one.</param>
internal readonly record struct PeerReading(
    PeerStatistics Statistics,
    PeerState State,
    long StoredBytes,
    PathReading? Path
);

/// <summary>The figures of a path.</summary>
/// <param name="Transport">Its medium.</param>
/// <param name="RoundTripMicros">Smoothed round trip.</param>
/// <param name="JitterMicros">Interarrival jitter.</param>
internal readonly record struct PathReading(TransportKind Transport, long RoundTripMicros, long JitterMicros);
