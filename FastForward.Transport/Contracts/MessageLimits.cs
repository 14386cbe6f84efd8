namespace FastForward.Transport;

/// <summary>The largest messages, in bytes of payload.</summary>
public static class MessageLimits
{
    /// <summary>The largest real-time message: it fits into one datagram on every path.</summary>
    public const int MaxRealTimeBytes = 1100;

    /// <summary>The largest reliable message.</summary>
    public const int MaxReliableBytes = 65_536;
}
