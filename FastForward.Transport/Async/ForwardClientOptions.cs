namespace FastForward.Transport;

/// <summary>Settings of a <see cref="ForwardClient"/>.</summary>
public sealed class ForwardClientOptions
{
    /// <summary>
    /// Sends that may be pending at once, those that wait for room included; 1..1048576, default 1024. Above it a send
    /// returns <see cref="SendStatus.BackPressured"/> at once, so that a caller who does not await its sends cannot
    /// queue without limit. Sends of pipes, requests and replies do not count: they have limits of their own.
    /// </summary>
    public int MaxPendingSends { get; set; } = 1024;

    /// <summary>
    /// Real-time messages that a receiver keeps for a slow reader; 1..1048576, default 256. Above it the oldest is
    /// dropped and counted. (Reliable messages are never dropped; their senders wait.)
    /// </summary>
    public int RealTimeCapacity { get; set; } = 256;

    /// <summary>
    /// Pipes that a listener keeps until they are accepted; 1..65536, default 128. Above it new ones are rejected,
    /// which the connecting side sees as <see cref="PipeFailure.Rejected"/>.
    /// </summary>
    public int PipeBacklog { get; set; } = 128;

    /// <summary>
    /// How long a request waits for its reply when the call does not say it, the time to connect included; 1 ms..1 h,
    /// default 5 s.
    /// </summary>
    public TimeSpan RequestTimeout { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Requests that may be under way to one node; 1..65536, default 256. Further ones wait for their turn, within
    /// their time-out. Each uses two streams, so it should be well below <see cref="ForwardNodeOptions.MaxStreams"/>.
    /// </summary>
    public int MaxRequestsPerNode { get; set; } = 256;

    /// <summary>
    /// Requests that one <see cref="ForwardResponder"/> handles at once; 1..65536, default 64. Further ones wait, and
    /// hold the credit of their senders meanwhile.
    /// </summary>
    public int MaxConcurrentReplies { get; set; } = 64;

    /// <summary>
    /// How long a reliable message or request waits when nothing receives its service yet; 0..1 min, default 2 s. At
    /// most 256 wait, 64 of one node. With 0, and after a receiver, listener or responder has ended, messages to its
    /// service are refused at once.
    /// </summary>
    public TimeSpan UnclaimedLimit { get; set; } = TimeSpan.FromSeconds(2);

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new ArgumentException(problems);
    }

    /// <summary>Every problem, each with the option, what is wrong and a valid value.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (MaxPendingSends is < 1 or > 1 << 20)
            yield return Bad(nameof(MaxPendingSends), MaxPendingSends, "1..1048576, such as 1024");
        if (RealTimeCapacity is < 1 or > 1 << 20)
            yield return Bad(nameof(RealTimeCapacity), RealTimeCapacity, "1..1048576, such as 256");
        if (PipeBacklog is < 1 or > 65_536)
            yield return Bad(nameof(PipeBacklog), PipeBacklog, "1..65536, such as 128");
        if (RequestTimeout < TimeSpan.FromMilliseconds(1) || RequestTimeout > TimeSpan.FromHours(1))
            yield return Bad(nameof(RequestTimeout), RequestTimeout, "1 ms..1 h, such as 00:00:05");
        if (MaxRequestsPerNode is < 1 or > 65_536)
            yield return Bad(nameof(MaxRequestsPerNode), MaxRequestsPerNode, "1..65536, such as 256");
        if (MaxConcurrentReplies is < 1 or > 65_536)
            yield return Bad(nameof(MaxConcurrentReplies), MaxConcurrentReplies, "1..65536, such as 64");
        if (UnclaimedLimit < TimeSpan.Zero || UnclaimedLimit > TimeSpan.FromMinutes(1))
            yield return Bad(nameof(UnclaimedLimit), UnclaimedLimit, "0..1 min, such as 00:00:02");
    }

    private static string Bad<T>(string name, T value, string range) => $"{name}: {value} is not allowed; use {range}.";
}
