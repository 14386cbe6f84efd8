namespace FastForward.Transport.Session.Wire;

/// <summary>The reason field of a CLOSE element.</summary>
internal enum CloseReason : ushort
{
    /// <summary>The node is stopping.</summary>
    Stopping = 1,

    /// <summary>Another path over the same medium is kept.</summary>
    Redundant = 2,

    /// <summary>The route to the peer was removed or changed.</summary>
    RouteChanged = 3,

    /// <summary>The association is older than the current one of the sender of this element.</summary>
    Superseded = 4,

    /// <summary>The receiver of this element violated the protocol.</summary>
    ProtocolViolation = 5,
}
