namespace FastForward.Transport;

/// <summary>Settings of a <see cref="ForwardClient"/>.</summary>
public sealed class ForwardClientOptions
{
    /// <summary>
    /// Sends that may be under way at once, those that wait for room included. Default 1024. Above it a send answers
    /// <see cref="SendStatus.BackPressured"/> at once: whoever does not await its sends is not queued without end. Pipes do not count: each has one send at a time.
    /// </summary>
    public int MaxPendingSends { get; set; } = 1024;

    /// <summary>
    /// Real-time messages that a receiver keeps for a slow reader. Default 256. Above it the oldest is dropped and counted:
    /// they are worth less the older they are. (Reliable messages are not dropped, their senders wait.)
    /// </summary>
    public int RealTimeCapacity { get; set; } = 256;

    /// <summary>
    /// Pipes that a listener keeps until they are accepted. Default 128. Above it new ones are rejected, which the
    /// connecting side sees as <see cref="PipeFailure.Rejected"/>.
    /// </summary>
    public int PipeBacklog { get; set; } = 128;

    internal void Validate()
    {
        Require(
            MaxPendingSends is >= 1 and <= 1 << 20,
            nameof(MaxPendingSends),
            MaxPendingSends,
            "1..1048576, such as 1024"
        );
        Require(
            RealTimeCapacity is >= 1 and <= 1 << 20,
            nameof(RealTimeCapacity),
            RealTimeCapacity,
            "1..1048576, such as 256"
        );
        Require(PipeBacklog is >= 1 and <= 65_536, nameof(PipeBacklog), PipeBacklog, "1..65536, such as 128");
    }

    private static void Require(bool condition, string name, int value, string range)
    {
        if (!condition)
            throw new ArgumentException($"{name}: {value} is not allowed; use {range}.");
    }
}
