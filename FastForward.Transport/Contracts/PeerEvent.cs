namespace FastForward.Transport;

/// <summary>A change in the connection to a peer.</summary>
public enum PeerEventKind
{
    /// <summary>An association is up.</summary>
    Connected,

    /// <summary>Messages to the peer now take another path.</summary>
    PathChanged,

    /// <summary>The path in use does not answer; the association waits for it or for another one.</summary>
    Suspect,

    /// <summary>The association has ended: what was not acknowledged is reported as undelivered.</summary>
    Lost,

    /// <summary>The peer is a new process: a new association starts.</summary>
    Restarted,

    /// <summary>The peer is configured, but was never heard.</summary>
    NotHeard,

    /// <summary>A node without a route was heard; it is not answered.</summary>
    NotConfigured,

    /// <summary>Two live processes claim the same node id; the one that was known first is kept.</summary>
    NodeIdConflict,

    /// <summary>The peer was refused, or refused us.</summary>
    Refused,

    /// <summary>
    /// The route cannot be used from here: its transport does not run, its host name has no address, it demands a key,
    /// or it cannot be connected and another row is used meanwhile.
    /// </summary>
    Unusable,

    /// <summary>
    /// Frames above a size do not arrive over a path, because an MTU on the way is too small: only shorter ones are
    /// sent, and larger real-time messages answer <see cref="SendStatus.TooLarge"/>. Or long frames arrive again.
    /// </summary>
    Narrow,

    /// <summary>
    /// The path to the peer loses frames because it is congested: real-time messages are not copied. Or it no longer
    /// is.
    /// </summary>
    Congested,

    /// <summary>The peer's address or port is another one now, on a path that goes on.</summary>
    Moved,

    /// <summary>
    /// A path owes an answer for a second, and no other event says so: nothing better is there, or it is not in use.
    /// </summary>
    Silent,
}

/// <summary>One event of one peer.</summary>
/// <param name="Node">The peer.</param>
/// <param name="Kind">What happened.</param>
/// <param name="Transport">The medium of the path concerned; null when none is.</param>
/// <param name="Reason">Why, in words for an operator.</param>
public readonly record struct PeerEvent(uint Node, PeerEventKind Kind, TransportKind? Transport, string Reason)
{
    /// <summary>
    /// The path concerned, in words for an operator: the medium, over IP and RDMA where the peer is, and the local
    /// address where paths differ in it; null when there is none.
    /// </summary>
    public string? Path { get; init; }

    /// <summary>The peer announced it, as it does when it stops: no fault.</summary>
    internal bool IsPlanned { get; init; }
}
