namespace FastForward.Transport.Session;

/// <summary>Where a path is in its life.</summary>
internal enum PathPhase
{
    /// <summary>This side sends INIT until a RESPONSE comes.</summary>
    Initiating,

    /// <summary>This side answered an INIT and waits for its confirmation.</summary>
    Answering,

    /// <summary>Both ends know each other.</summary>
    Established,

    /// <summary>A CLOSE is to be written; nothing else will be.</summary>
    Closing,

    /// <summary>Nothing is written any more, but what the far end had sent before it knew is still taken in.</summary>
    Draining,

    /// <summary>Over; the link is to be closed.</summary>
    Finished,
}
