namespace FastForward.Transport.Transports.Links;

/// <summary>Where a link stands in its life. It only moves forward.</summary>
internal enum LinkState
{
    /// <summary>Opened has not been delivered.</summary>
    Opening,

    /// <summary>Frames flow.</summary>
    Open,

    /// <summary>The end is decided; Closed waits for the next poll.</summary>
    Closing,

    /// <summary>Closed has been delivered and everything is released.</summary>
    Closed,
}
