namespace FastForward.Transport;

/// <summary>What a stream promises. Fixed by its first message.</summary>
public enum MessageClass
{
    /// <summary>
    /// Everything arrives, in order, once, or is reported by <see cref="IForwardHandler.OnUndelivered"/>. Up to 64 KiB a
    /// message. Over an unreliable path it is not offered yet: <see cref="SendStatus.Unsupported"/>.
    /// </summary>
    Reliable,

    /// <summary>
    /// In order and never late, but with gaps when the network loses something; the receiver is told of each gap. Up to
    /// 1100 bytes a message.
    /// </summary>
    RealTime,
}
