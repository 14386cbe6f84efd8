namespace FastForward.Transport.Session.Wire;

/// <summary>The reason field of a CLOSE element.</summary>
internal enum CloseReason : ushort
{
    /// <summary>The node stops.</summary>
    Stopping = 1,

    /// <summary>Another path of the same kind took over.</summary>
    Redundant = 2,

    /// <summary>The route to the peer was removed or changed.</summary>
    RouteChanged = 3,

    /// <summary>The association is older than the one the sender of this element knows.</summary>
    Superseded = 4,

    /// <summary>The peer broke the protocol.</summary>
    ProtocolViolation = 5,
}
