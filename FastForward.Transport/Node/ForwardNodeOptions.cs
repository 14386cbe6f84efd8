using FastForward.Transport.Session;

namespace FastForward.Transport;

/// <summary>Settings of a <see cref="ForwardNode"/>.</summary>
public sealed class ForwardNodeOptions
{
    /// <summary>The node's own id, not 0. Unique in the whole network.</summary>
    public uint Node { get; set; }

    /// <summary>
    /// Bytes of accepted messages kept per peer until they are acknowledged or have left, 64 for each message included.
    /// Default 4 MiB; more rides out longer pauses of a peer.
    /// </summary>
    public int SendStoreBytes { get; set; } = 4 << 20;

    /// <summary>Bytes of payload a peer may have under way to us before it must wait. Default 4 MiB.</summary>
    public int ReceiveWindowBytes { get; set; } = 4 << 20;

    /// <summary>
    /// Open streams per peer and direction. Default 1024. Above it a send answers
    /// <see cref="SendStatus.TooManyStreams"/>, and an incoming stream evicts the one idle for the longest.
    /// </summary>
    public int MaxStreams { get; set; } = 1024;

    /// <summary>
    /// Handshakes under way at once. Default 256; above it new ones are refused as busy, and counted.
    /// </summary>
    public int MaxPendingHandshakes { get; set; } = 256;

    /// <summary>Time between probes of a path. Default 1 s. A path is suspect after three that go unanswered.</summary>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Silence after which an association is dead. Default 30 s; at least four probe intervals.</summary>
    public TimeSpan DeadAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>Age at which a real-time message that could not leave is given up. Default 0: none is.</summary>
    public TimeSpan RealTimeBudget { get; set; }

    /// <summary>The most a clean stop waits for reliable messages to be acknowledged. Default 5 s.</summary>
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Take peers without a key (key id 0) from other machines. Default false: anybody could claim to be any node.
    /// </summary>
    public bool AllowUnkeyedIp { get; set; }

    /// <summary>
    /// While a peer's preferred route is a vSocket that cannot be connected, reach it by its next row of another
    /// transport. Default false: it is only tried again. The vSocket is tried on meanwhile, and used as soon as it
    /// stands.
    /// </summary>
    public bool VSocketFallback { get; set; }

    internal SessionOptions ToSessionOptions(ulong incarnation) =>
        new()
        {
            Node = Node,
            Incarnation = incarnation,
            ProbeInterval = (long)ProbeInterval.TotalMicroseconds,
            DeadAfter = (long)DeadAfter.TotalMicroseconds,
            RealTimeBudget = (long)RealTimeBudget.TotalMicroseconds,
            SendStoreBytes = SendStoreBytes,
            ReceiveWindowBytes = ReceiveWindowBytes,
            MaxStreams = MaxStreams,
            MaxPendingHandshakes = MaxPendingHandshakes,
        };

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new ArgumentException(problems);
    }

    /// <summary>Every problem, each with the option, what is wrong and a right example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Node == 0)
            yield return "Node: 0 is no node id; use a number such as 25011.";
        if (SendStoreBytes is < 131_072 or > 1 << 30)
            yield return Bad(
                nameof(SendStoreBytes),
                SendStoreBytes,
                "131072..1073741824 bytes (the longest message has to fit), such as 4194304"
            );
        if (ReceiveWindowBytes is < 1 << 20 or > 1 << 30)
            yield return Bad(
                nameof(ReceiveWindowBytes),
                ReceiveWindowBytes,
                "1048576..1073741824 bytes, such as 4194304"
            );
        if (MaxStreams is < 1 or > 1 << 20)
            yield return Bad(nameof(MaxStreams), MaxStreams, "1..1048576, such as 1024");
        if (MaxPendingHandshakes is < 1 or > 65_536)
            yield return Bad(nameof(MaxPendingHandshakes), MaxPendingHandshakes, "1..65536, such as 256");
        bool isProbeIntervalRight =
            ProbeInterval >= TimeSpan.FromMilliseconds(50) && ProbeInterval <= TimeSpan.FromMinutes(1);
        if (!isProbeIntervalRight)
            yield return Bad(nameof(ProbeInterval), ProbeInterval, "50 ms..1 min, such as 00:00:01");
        if (
            DeadAfter > TimeSpan.FromHours(1)
            || (isProbeIntervalRight ? DeadAfter < ProbeInterval * 4 : DeadAfter <= TimeSpan.Zero)
        )
            yield return Bad(
                nameof(DeadAfter),
                DeadAfter,
                "at least four probe intervals and at most an hour, such as 00:00:30"
            );
        if (RealTimeBudget < TimeSpan.Zero || RealTimeBudget > TimeSpan.FromMinutes(1))
            yield return Bad(nameof(RealTimeBudget), RealTimeBudget, "0 (none)..1 min, such as 00:00:00.300");
        if (DrainLimit < TimeSpan.Zero || DrainLimit > TimeSpan.FromMinutes(1))
            yield return Bad(nameof(DrainLimit), DrainLimit, "0..1 min, such as 00:00:05");
    }

    private static string Bad<T>(string name, T value, string range) => $"{name}: {value} is not allowed; use {range}.";
}
