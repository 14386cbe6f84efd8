namespace FastForward.Transport.Session;

/// <summary>The phases of a path, from handshake to end.</summary>
internal enum PathPhase
{
    /// <summary>Sends INIT until a RESPONSE arrives.</summary>
    Initiating,

    /// <summary>Has answered an INIT and waits for CONFIRM.</summary>
    Answering,

    /// <summary>
    /// The handshake is complete, but the source proves less than that of the association: nothing is taken from the
    /// path until the peer returns its nonce over a stronger one.
    /// </summary>
    Validating,

    /// <summary>The path belongs to the association.</summary>
    Established,

    /// <summary>Only a CLOSE is still written.</summary>
    Closing,

    /// <summary>
    /// Nothing is written any more; frames that the remote sent before it received the CLOSE are still read.
    /// </summary>
    Draining,

    /// <summary>The path has ended; the link must be closed.</summary>
    Finished,
}
