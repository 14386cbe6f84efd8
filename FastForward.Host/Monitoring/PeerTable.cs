using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Monitoring;

/// <summary>The peers of a host, with rates since the report before.</summary>
internal static class PeerTable
{
    private static readonly FittingColumn[] s_columns =
    [
        new("peer", 0),
        new("st", 0, IsText: true),
        new("path", 1, IsText: true),
        new("rtt", 2),
        new("jit", 13),
        new("loss", 3),
        new("reo", 14),
        new("out/s", 4),
        new("outB/s", 12),
        new("in/s", 5),
        new("inB/s", 11),
        new("st%", 9),
        new("undel", 6),
        new("miss", 7),
        new("drop", 8),
        new("copy", 15),
        new("late", 16),
        new("saved", 17),
        new("since", 10),
    ];

    public static IRenderable Of(NodeReport now, NodeReport? before, int width)
    {
        Dictionary<uint, PeerReport> former = [];
        foreach (PeerReport peer in before?.Peers ?? [])
            former[peer.Node] = peer;
        FittingTable table = new(s_columns);
        double seconds = now.UptimeSeconds - (before?.UptimeSeconds ?? 0);
        foreach (PeerReport peer in InOrder(now.Peers))
            Add(table, peer, former.GetValueOrDefault(peer.Node), seconds);
        return table.Fit(width);
    }

    /// <summary>Those that are not connected first.</summary>
    public static IEnumerable<PeerReport> InOrder(IEnumerable<PeerReport> peers) =>
        peers
            .OrderBy(static peer =>
                peer.State switch
                {
                    "connected" => peer.Reason is null ? 3 : 2,
                    "suspect" => 1,
                    _ => 0,
                }
            )
            .ThenBy(static peer => peer.Node);

    public static string StateOf(PeerReport peer) =>
        peer.State switch
        {
            "connected" => "up",
            "suspect" => "SUSPECT",
            "notHeard" => "NEVER",
            _ => "DOWN",
        };

    public static Style StyleOf(PeerReport peer) =>
        peer.State switch
        {
            "connected" => peer.Reason is null ? Styles.Good : Styles.Doubtful,
            "suspect" => Styles.Doubtful,
            _ => Styles.Bad,
        };

    private static void Add(FittingTable table, PeerReport peer, PeerReport? before, double seconds)
    {
        PathReport? path = peer.Paths.FirstOrDefault(static path => path.InUse);
        bool isDead = peer.State is not ("connected" or "suspect");
        if (isDead)
            before = null; // what still counts up there is no traffic
        table.Add(
            peer is { State: "connected", Reason: null } ? Styles.Plain : StyleOf(peer),
            peer.Node.ToString(CultureInfo.InvariantCulture),
            StateOf(peer),
            Paths(peer),
            path is null ? "-" : Micros(path.RoundTripMicros),
            path is null ? "-" : Micros(path.JitterMicros),
            path is null ? "-" : Figures.Percent(path.LossPercent),
            path is null ? "-" : Figures.Percent(path.ReorderedPercent),
            Figures.Rate(peer.MessagesSent, before?.MessagesSent, seconds),
            Figures.Rate(peer.PayloadBytesSent, before?.PayloadBytesSent, seconds),
            Figures.Rate(peer.MessagesReceived, before?.MessagesReceived, seconds),
            Figures.Rate(peer.PayloadBytesReceived, before?.PayloadBytesReceived, seconds),
            (100 * peer.StoredBytes / Math.Max(peer.StoreLimitBytes, 1)).ToString(CultureInfo.InvariantCulture),
            Figures.Compact(peer.UndeliveredMessages),
            Figures.Compact(peer.SkippedMessages),
            Figures.Compact(peer.DroppedMessages),
            peer.RealTimeCopies.ToString(CultureInfo.InvariantCulture),
            Figures.Compact(peer.LateMessages),
            Figures.Compact(peer.SavedMessages),
            Figures.Age(peer.InStateSeconds)
        );
    }

    // The one in use, and the others after a plus.
    private static string Paths(PeerReport peer)
    {
        if (peer.Paths.Count == 0)
            return "-";
        string text = string.Join(
            '+',
            peer.Paths.Select(static path => path.SharedMemory ? "MEMORY" : Figures.Short(path.Transport))
        );
        if (!peer.Paths[0].InUse)
            text = $"+{text}";
        return text.Length > 12 ? text[..12] : text;
    }

    private static string Micros(long micros) =>
        micros < 100_000 ? micros.ToString(CultureInfo.InvariantCulture) : Figures.Compact(micros);
}
