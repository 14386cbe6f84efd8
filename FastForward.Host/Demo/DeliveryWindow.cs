namespace FastForward.Host.Demo;

/// <summary>What a node saw of the delivery of real-time messages in a time.</summary>
/// <param name="PauseMicros">The longest time without one of the other node.</param>
/// <param name="Paths">The paths that this node's messages took, one after the other; at least one.</param>
/// <param name="Skipped">Messages of the other node that did not come.</param>
/// <param name="Late">Messages of the other node that came too late and were dropped.</param>
/// <param name="SentTwice">Messages that went over two paths at once, since the start.</param>
/// <param name="Rescued">Messages of the other node that came over a second path alone, since the start.</param>
internal sealed record DeliveryWindow(
    double PauseMicros,
    IReadOnlyList<string> Paths,
    long Skipped,
    long Late,
    long SentTwice,
    long Rescued
);
