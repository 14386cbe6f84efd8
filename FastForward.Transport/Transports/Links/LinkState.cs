namespace FastForward.Transport.Transports.Links;

/// <summary>The state of a link. It only advances.</summary>
internal enum LinkState
{
    /// <summary>Not open yet.</summary>
    Opening,

    /// <summary>Frames can be sent and received.</summary>
    Open,

    /// <summary>Ended; the Closed event waits for the next poll.</summary>
    Closing,

    /// <summary>The Closed event was delivered and all resources are released.</summary>
    Closed,
}
