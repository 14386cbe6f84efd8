namespace FastForward.Transport.Session.Recovery;

/// <summary>Learns the fate of what was sent on a path.</summary>
internal interface ILossListener
{
    /// <summary>The element has arrived.</summary>
    void OnAcknowledged(in SentElement element, ulong number);

    /// <summary>
    /// The element is to be sent again, if it still matters: its frame was probably lost.
    /// </summary>
    /// <returns>Whether it is sent again.</returns>
    bool OnLost(long now, in SentElement element, ulong number);
}
