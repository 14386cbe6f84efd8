namespace FastForward.Transport.Transports;

/// <summary>
/// The result of <see cref="IForwardLink.TryClaim"/>. Expected conditions are results, not exceptions.
/// </summary>
public enum ClaimResult
{
    /// <summary>The span is granted; the caller must call Commit or Abort exactly once.</summary>
    Claimed,

    /// <summary>The medium has no room now; <see cref="ILinkSink.Writable"/> follows when it has.</summary>
    BackPressured,

    /// <summary>The link is not open yet, or is closed.</summary>
    Closed,

    /// <summary>More bytes were requested than <see cref="LinkTraits.MaxFrameSize"/>.</summary>
    TooLarge,
}
