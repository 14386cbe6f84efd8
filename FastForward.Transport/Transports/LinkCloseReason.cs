namespace FastForward.Transport.Transports;

/// <summary>Why a link closed.</summary>
public enum LinkCloseReason
{
    /// <summary>This side called <see cref="IForwardLink.Close"/>.</summary>
    ClosedLocally,

    /// <summary>The transport was disposed.</summary>
    TransportStopped,

    /// <summary>The far end closed, or its process died: the two look alike to the kernel.</summary>
    PeerClosed,

    /// <summary>Nobody listens at the end point.</summary>
    ConnectRefused,

    /// <summary>The far end did not finish opening within the time limit.</summary>
    OpenTimeout,

    /// <summary>The far end is not one we may talk to (user id, context id), or we may not reach it.</summary>
    NotPermitted,

    /// <summary>The far end broke the rules of the medium's opening exchange or framing.</summary>
    ProtocolViolation,

    /// <summary>The operating system reported an error; see <see cref="LinkClosure.Error"/>.</summary>
    Failed,
}
