namespace FastForward.Transport;

/// <summary>What happened to a peer.</summary>
public enum PeerEventKind
{
    /// <summary>An association is up: messages flow.</summary>
    Connected,

    /// <summary>Messages to the peer take another path now.</summary>
    PathChanged,

    /// <summary>The path in use is silent; the association waits for it or another one.</summary>
    Suspect,

    /// <summary>The association is dead: what was not acknowledged is reported as undelivered.</summary>
    Lost,

    /// <summary>The peer is a new process: a new association begins.</summary>
    Restarted,

    /// <summary>The peer is configured, but nothing was ever heard of it.</summary>
    NotHeard,

    /// <summary>A node was heard that no route leads to; it is not answered.</summary>
    NotConfigured,

    /// <summary>Two live processes claim the same node id; the one known first stays.</summary>
    NodeIdConflict,

    /// <summary>The peer was refused, or refused us.</summary>
    Refused,

    /// <summary>
    /// The route cannot be used from here: its transport does not run, its host name has no address, it demands a key, or its
    /// vSocket cannot be connected and another row is used meanwhile.
    /// </summary>
    Unusable,
}

/// <summary>One event of one peer.</summary>
/// <param name="Node">The peer.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Transport">The medium of the path concerned; null when none is.</param>
/// <param name="Reason">Why, for a person.</param>
public readonly record struct PeerEvent(uint Node, PeerEventKind Kind, TransportKind? Transport, string Reason);
