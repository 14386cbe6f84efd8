namespace FastForward.Transport;

/// <summary>The delivery guarantee of a stream. Fixed by its first message.</summary>
public enum MessageClass
{
    /// <summary>
    /// Every message arrives once and in order, or is reported by <see cref="IForwardHandler.OnUndelivered"/>. Up to 64
    /// KiB a message. Unreliable paths do not carry it yet: where there is no other, a send returns
    /// <see cref="SendStatus.Unsupported"/>.
    /// </summary>
    Reliable,

    /// <summary>
    /// In order and never late, but with gaps when the network loses something; each gap is reported to the receiver.
    /// Up to 1100 bytes a message.
    /// </summary>
    RealTime,
}
