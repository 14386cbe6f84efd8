namespace FastForward.Transport.Transports;

/// <summary>
/// The answer of <see cref="IForwardLink.TryClaim"/>. Ordinary conditions are results here, never exceptions.
/// </summary>
public enum ClaimResult
{
    /// <summary>The span is granted; exactly one Commit or Abort follows.</summary>
    Claimed,

    /// <summary>The medium takes nothing now; <see cref="ILinkSink.Writable"/> follows when it does again.</summary>
    BackPressured,

    /// <summary>The link is not open: not yet, or no more.</summary>
    Closed,

    /// <summary>More was asked for than <see cref="LinkTraits.MaxFrameSize"/>.</summary>
    TooLarge,
}
