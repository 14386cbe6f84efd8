namespace FastForward.Transport;

/// <summary>Why messages to a peer take another path than before.</summary>
internal enum PathChange
{
    /// <summary>A path was established.</summary>
    Established,

    /// <summary>The former path is silent.</summary>
    Silent,

    /// <summary>The former path has ended.</summary>
    Ended,

    /// <summary>A path answers again, and has proven it.</summary>
    Returned,

    /// <summary>The routes to the peer have changed.</summary>
    Route,

    /// <summary>The peer prefers another path.</summary>
    Peer,

    /// <summary>The longest frame of a path has changed.</summary>
    Size,
}
