namespace FastForward.Transport.Transports;

/// <summary>Why a link closed.</summary>
public enum LinkCloseReason
{
    /// <summary>This side called <see cref="IForwardLink.Close"/>.</summary>
    ClosedLocally,

    /// <summary>The transport was disposed.</summary>
    TransportStopped,

    /// <summary>The remote side closed, or its process ended; the kernel does not distinguish the two.</summary>
    PeerClosed,

    /// <summary>No process listens at the end point.</summary>
    ConnectRefused,

    /// <summary>The remote side did not finish opening within the time limit.</summary>
    OpenTimeout,

    /// <summary>The remote side is not permitted (user id, context id), or this side may not connect to it.</summary>
    NotPermitted,

    /// <summary>The remote side violated the medium's opening exchange or framing.</summary>
    ProtocolViolation,

    /// <summary>The operating system reported an error; see <see cref="LinkClosure.Error"/>.</summary>
    Failed,
}
