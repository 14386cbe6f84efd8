namespace FastForward.Transport;

/// <summary>The delivery guarantee of a stream. Fixed by its first message.</summary>
public enum MessageClass
{
    /// <summary>
    /// Every message arrives once and in order, or is reported by <see cref="IForwardHandler.OnUndelivered"/>. Up to 64
    /// KiB a message. What a path loses is sent again.
    /// </summary>
    Reliable,

    /// <summary>
    /// In order and never late, but with gaps when the network loses something; each gap is reported to the receiver.
    /// Up to 1100 bytes a message.
    /// </summary>
    RealTime,
}
