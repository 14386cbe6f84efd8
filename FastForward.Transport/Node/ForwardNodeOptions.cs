using FastForward.Transport.Node;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Transport;

/// <summary>Settings of a <see cref="ForwardNode"/>.</summary>
public sealed class ForwardNodeOptions
{
    /// <summary>The node's own id, not 0. Unique in the whole network.</summary>
    public uint Node { get; set; }

    /// <summary>
    /// Bytes of accepted messages stored per peer until they are acknowledged or sent, including 64 bytes per message.
    /// Default 4 MiB; a larger value bridges longer pauses of a peer. A quarter of it is for real-time messages alone,
    /// the rest for reliable ones, so that neither class uses up the room of the other.
    /// </summary>
    public int SendStoreBytes { get; set; } = 4 << 20;

    /// <summary>Bytes of payload that a peer may have in flight to this node. Default 4 MiB.</summary>
    public int ReceiveWindowBytes { get; set; } = 4 << 20;

    /// <summary>
    /// Open streams per peer and direction. Default 1024. Above it a send returns
    /// <see cref="SendStatus.TooManyStreams"/>, and an incoming stream evicts the one that has been idle longest.
    /// </summary>
    public int MaxStreams { get; set; } = 1024;

    /// <summary>
    /// Handshakes in progress at once. Default 256; above it new ones are refused as busy, and counted.
    /// </summary>
    public int MaxPendingHandshakes { get; set; } = 256;

    /// <summary>
    /// Time between probes of a path. Default 1 s; 50 ms..10 s. Of two nodes the shorter one applies, on the paths
    /// between them. A path is suspect after three unanswered probes.
    /// </summary>
    public TimeSpan ProbeInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time without a frame after which an association is dead. Default 30 s; at least four probe intervals.
    /// </summary>
    public TimeSpan DeadAfter { get; set; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// How much later than the fastest message of its path a real-time message may arrive: what it waits here, also
    /// while the link is blocked, until lost ones are repeated, and what it travels longer. Later ones are dropped, and
    /// reported if they have not left. Default 120 ms; 1 ms..1 min, or 0 for no limit.
    /// <see cref="ForwardStream.RealTimeBudget"/> sets it for one stream.
    /// </summary>
    public TimeSpan RealTimeBudget { get; set; } = TimeSpan.FromMilliseconds(120);

    /// <summary>
    /// Whether real-time messages are sent a second time before it is known whether they arrive, over media that may
    /// lose them. Default <see cref="RealTimeRedundancy.Auto"/>.
    /// </summary>
    public RealTimeRedundancy RealTimeRedundancy { get; set; }

    /// <summary>
    /// Whether a real-time message goes over two paths at once, where a peer has several. Default
    /// <see cref="PathRedundancy.WhenDoubtful"/>.
    /// </summary>
    public PathRedundancy PathRedundancy { get; set; }

    /// <summary>
    /// How many frames may overtake another one on a path that may reorder them, before it is dropped because it is not
    /// known whether it was there before. Default 8192, at most 65,536, a multiple of 64. Reordering displaces a frame
    /// by the jitter times the rate of frames: 75 ms at 100,000 frames per second are 7,500.
    /// </summary>
    public int ReplayWindow { get; set; } = Session.ReplayWindow.DefaultSize;

    /// <summary>
    /// The longest time that an orderly stop waits for acknowledgements of reliable messages. Default 5 s.
    /// </summary>
    public TimeSpan DrainLimit { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// Accept peers without a key (key id 0) from other machines. Default false: any machine could claim any node id.
    /// </summary>
    public bool AllowUnkeyedNetwork { get; set; }

    /// <summary>
    /// The keys that this node shares with others, which rows name by their ids. The node takes copies: dispose of the
    /// keys once it is created. Default none.
    /// </summary>
    public IReadOnlyList<ForwardKey> Keys { get; set; } = [];

    /// <summary>
    /// Nodes that must prove a key, whatever their rows say: a row with key id 0 opens no way around it. Default: none.
    /// </summary>
    public IReadOnlyCollection<uint> RequireKey { get; set; } = [];

    /// <summary>All nodes must prove a key, as if <see cref="RequireKey"/> named them. Default false.</summary>
    public bool RequireKeyFromAll { get; set; }

    /// <summary>
    /// Seal frames of paths with a key also over UNIX sockets and vSockets, where the kernel keeps them apart from
    /// others already. Default false: the key is proven there, and frames are not sealed. Sealed when one of the two
    /// nodes wants it; over IP and RDMA always.
    /// </summary>
    public bool SealLocal { get; set; }

    /// <summary>
    /// Where a peer's preferred route is a vSocket, keep paths over its other routes, too, which serve while it cannot
    /// be connected. Default false: only the vSocket is tried. Other preferred routes always have the others behind
    /// them.
    /// </summary>
    public bool VSocketFallback { get; set; }

    /// <summary>
    /// The most paths that this node opens to one peer, over all its rows and all addresses of them. Default 4, at most
    /// 16. Each is probed, so that another one is there when a path dies.
    /// </summary>
    public int MaxPaths { get; set; } = 4;

    /// <summary>
    /// Connect to peers of this host through their sockets without a row that says so: a peer whose row of IP leads to
    /// an address of this host, and whose socket file is there, is reached by it first, but after a row of
    /// <see cref="RouteTable.OverriddenNodes"/>. Looked for every 5 s. Default false.
    /// </summary>
    public bool DiscoverLocalPeers { get; set; }

    /// <summary>
    /// What a bad network would do, done on purpose to the datagrams that this node sends, over UDP and datagram
    /// vSockets: for demonstrations and tests. Default null: nothing. A warning in the log says that it is on.
    /// </summary>
    public ImpairmentOptions? Impairment { get; set; }

    internal bool RequiresKey(uint node) => RequireKeyFromAll || RequireKey.Contains(node);

    internal SessionOptions ToSessionOptions(ulong incarnation) =>
        new()
        {
            Node = Node,
            Incarnation = incarnation,
            ProbeInterval = (long)ProbeInterval.TotalMicroseconds,
            DeadAfter = (long)DeadAfter.TotalMicroseconds,
            RealTimeBudget = (long)RealTimeBudget.TotalMicroseconds,
            RealTimeRedundancy = RealTimeRedundancy,
            PathRedundancy = PathRedundancy,
            ReplayWindow = ReplayWindow,
            SendStoreBytes = SendStoreBytes,
            ReceiveWindowBytes = ReceiveWindowBytes,
            MaxStreams = MaxStreams,
            MaxPendingHandshakes = MaxPendingHandshakes,
            SealLocal = SealLocal,
        };

    internal void Validate()
    {
        string problems = string.Join(' ', FindProblems());
        if (problems.Length > 0)
            throw new ArgumentException(problems);
    }

    /// <summary>Every problem, each with the option, the reason and a valid example.</summary>
    internal IEnumerable<string> FindProblems()
    {
        if (Node == 0)
            yield return "Node: 0 is not a node id; use a number such as 25011.";
        if (SendStoreBytes is < 131_072 or > 1 << 30)
            yield return Bad(
                nameof(SendStoreBytes),
                SendStoreBytes,
                "131072..1073741824 bytes (the longest message must fit), such as 4194304"
            );
        if (ReceiveWindowBytes is < 1 << 20 or > 1 << 30)
            yield return Bad(
                nameof(ReceiveWindowBytes),
                ReceiveWindowBytes,
                "1048576..1073741824 bytes, such as 4194304"
            );
        if (MaxStreams is < 1 or > 1 << 20)
            yield return Bad(nameof(MaxStreams), MaxStreams, "1..1048576, such as 1024");
        if (MaxPaths is < 1 or > 16)
            yield return Bad(nameof(MaxPaths), MaxPaths, "1..16, such as 4");
        if (MaxPendingHandshakes is < 1 or > 65_536)
            yield return Bad(nameof(MaxPendingHandshakes), MaxPendingHandshakes, "1..65536, such as 256");
        bool isProbeIntervalRight =
            ProbeInterval.TotalMicroseconds is >= PathProber.ShortestInterval and <= PathProber.LongestInterval;
        if (!isProbeIntervalRight)
            yield return Bad(nameof(ProbeInterval), ProbeInterval, "50 ms..10 s, such as 00:00:01");
        if (
            DeadAfter > TimeSpan.FromHours(1)
            || (isProbeIntervalRight ? DeadAfter < ProbeInterval * 4 : DeadAfter <= TimeSpan.Zero)
        )
            yield return Bad(
                nameof(DeadAfter),
                DeadAfter,
                "at least four probe intervals and at most an hour, such as 00:00:30"
            );
        if (!IsRealTimeBudget(RealTimeBudget))
            yield return Bad(nameof(RealTimeBudget), RealTimeBudget, "1 ms..1 min or 0 (none), such as 00:00:00.120");
        if (!Enum.IsDefined(PathRedundancy))
            yield return Bad(nameof(PathRedundancy), PathRedundancy, "WhenDoubtful, Off or Always");
        if (!Enum.IsDefined(RealTimeRedundancy))
            yield return Bad(nameof(RealTimeRedundancy), RealTimeRedundancy, "Auto, Off or Always");
        if (ReplayWindow is < 64 or > Session.ReplayWindow.MaxSize || ReplayWindow % 64 != 0)
            yield return Bad(nameof(ReplayWindow), ReplayWindow, "a multiple of 64 up to 65536, such as 8192");
        if (DrainLimit < TimeSpan.Zero || DrainLimit > TimeSpan.FromMinutes(1))
            yield return Bad(nameof(DrainLimit), DrainLimit, "0..1 min, such as 00:00:05");
        foreach (string problem in NodeKeys.FindProblems(Keys))
            yield return $"{nameof(Keys)}: {problem}";
        foreach (string problem in Impairment?.FindProblems() ?? [])
            yield return $"{nameof(Impairment)}: {problem}; bad-wan is an example.";
    }

    /// <summary>Whether a real-time budget is within its range.</summary>
    internal static bool IsRealTimeBudget(TimeSpan budget) =>
        budget == TimeSpan.Zero || (budget >= TimeSpan.FromMilliseconds(1) && budget <= TimeSpan.FromMinutes(1));

    private static string Bad<T>(string name, T value, string range) => $"{name}: {value} is not allowed; use {range}.";
}
