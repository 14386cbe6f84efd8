using System.Globalization;
using FastForward.Host.Control;

namespace FastForward.Host.Monitoring;

/// <summary>
/// A node's report as text of at most 100 columns: one line per peer, with rates since the report before.
/// </summary>
internal static class StatTable
{
    public const int Width = 100;

    private const string Legend =
        "rtt, jit(ter): us; loss, reo(rdered): % of what came in 30 s; B: payload bytes; st%: send store";
    private static readonly string s_head = Row(
        "peer",
        "st",
        "path",
        "rtt",
        "jit",
        "loss",
        "reo",
        "out/s",
        "B/s",
        "in/s",
        "B/s",
        "st%",
        "undel",
        "miss",
        "drop",
        "since"
    );

    /// <summary>The lines of several hosts.</summary>
    public static IReadOnlyList<string> Lines(IReadOnlyList<HostReading> now, IReadOnlyList<HostReading>? before)
    {
        List<string> lines = [];
        for (int i = 0; i < now.Count; i++)
        {
            if (i > 0)
                lines.Add("");
            lines.AddRange(
                now[i].Report is { } report
                    ? Lines(report, before?[i].Report)
                    : Wrapped(VisibleText.Of(now[i].Failure!.Message))
            );
        }

        return lines;
    }

    /// <summary>The lines of a host.</summary>
    /// <param name="now">The report.</param>
    /// <param name="before">The one before; null when there is none: then there are no rates.</param>
    public static IReadOnlyList<string> Lines(NodeReport now, NodeReport? before)
    {
        // Another process counts from 0.
        if (before is not null && (before.ProcessId != now.ProcessId || before.UptimeSeconds >= now.UptimeSeconds))
            before = null;
        List<string> lines = [Node(now), Loop(now.Loop, before?.Loop)];
        lines.AddRange(now.Transports.Select(Transport));
        lines.Add("");
        lines.Add(s_head);
        Dictionary<uint, PeerReport> former = [];
        foreach (PeerReport peer in before?.Peers ?? [])
            former[peer.Node] = peer;
        double seconds = now.UptimeSeconds - (before?.UptimeSeconds ?? 0);
        lines.AddRange(now.Peers.Select(peer => Peer(peer, former.GetValueOrDefault(peer.Node), seconds)));
        lines.Add(now.Peers.Count == 0 ? "no route leads to any node" : Legend);
        lines.AddRange(
            now.Peers.Where(static peer => peer.Reason is not null)
                .Select(static peer => $"{peer.Node} {State(peer)}: {peer.Reason}")
        );
        lines.AddRange(
            now.Unconfigured.Select(static node =>
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{node.Node} is not configured, but was heard over {Figures.Short(node.Transport)} "
                        + $"{node.Handshakes} times, last {Figures.Age(node.HeardSecondsAgo)} ago"
                )
            )
        );
        return [.. lines.Select(VisibleText.Of).SelectMany(Wrapped)];
    }

    // Reasons are sentences: what is too long goes on below, between words.
    private static IEnumerable<string> Wrapped(string line)
    {
        const string Indent = "    ";
        while (line.Length > Width)
        {
            int end = line.LastIndexOf(' ', Width);
            if (end <= Indent.Length)
                end = Width;
            yield return line[..end];
            line = Indent + line[end..].TrimStart();
        }

        yield return line;
    }

    private static string Node(NodeReport now) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"node {now.Node}  up {Figures.Age(now.UptimeSeconds)}  process {now.ProcessId}  {now.File}"
        );

    private static string Loop(LoopReport now, LoopReport? before)
    {
        long cycles = now.Cycles - (before?.Cycles ?? 0);
        double mean = cycles > 0 ? (double)(now.TotalCycleMicros - (before?.TotalCycleMicros ?? 0)) / cycles : 0;
        return string.Create(
            CultureInfo.InvariantCulture,
            $"loop {now.Idle}  cycle mean {mean:0.00} us, max {Figures.Micros(now.LongestCycleMicros)}, "
                + $"{now.SlowCycles} over {Figures.Micros(now.SlowCycleMicros)}  stalls {now.Stalls}  "
                + $"failures {now.CallbackFailures}"
        );
    }

    private static string Transport(TransportLine transport) =>
        string.Format(
            CultureInfo.InvariantCulture,
            "{0,-7} {1}",
            Figures.Short(transport.Type),
            transport.Reason ?? string.Join("  ", transport.EndPoints)
        );

    private static string Peer(PeerReport peer, PeerReport? before, double seconds)
    {
        PathReport? path = peer.Paths.FirstOrDefault(static path => path.InUse);
        return Row(
            peer.Node.ToString(CultureInfo.InvariantCulture),
            State(peer),
            Paths(peer),
            path is null ? "-" : Micros(path.RoundTripMicros),
            path is null ? "-" : Micros(path.JitterMicros),
            path is null ? "-" : Figures.Percent(path.LossPercent),
            path is null ? "-" : Figures.Percent(path.ReorderedPercent),
            Rate(peer.MessagesSent, before?.MessagesSent, seconds),
            Rate(peer.PayloadBytesSent, before?.PayloadBytesSent, seconds),
            Rate(peer.MessagesReceived, before?.MessagesReceived, seconds),
            Rate(peer.PayloadBytesReceived, before?.PayloadBytesReceived, seconds),
            (100 * peer.StoredBytes / Math.Max(peer.StoreLimitBytes, 1)).ToString(CultureInfo.InvariantCulture),
            Figures.Compact(peer.UndeliveredMessages),
            Figures.Compact(peer.SkippedMessages),
            Figures.Compact(peer.DroppedMessages),
            Figures.Age(peer.InStateSeconds)
        );
    }

    private static string State(PeerReport peer) =>
        peer.State switch
        {
            "connected" => "up",
            "suspect" => "susp",
            "notHeard" => "none",
            _ => "conn",
        };

    // The one in use, and the others after a plus.
    private static string Paths(PeerReport peer)
    {
        if (peer.Paths.Count == 0)
            return "-";
        string text = string.Join('+', peer.Paths.Select(static path => Figures.Short(path.Transport)));
        return peer.Paths[0].InUse ? text : $"+{text}";
    }

    private static string Rate(long now, long? before, double seconds) =>
        before is { } then ? Figures.Compact((now - then) / seconds) : "-";

    private static string Micros(long micros) =>
        micros < 100_000 ? micros.ToString(CultureInfo.InvariantCulture) : Figures.Compact(micros);

    private static string Row(
        string peer,
        string state,
        string path,
        string rtt,
        string jitter,
        string loss,
        string reordered,
        string sent,
        string bytesSent,
        string received,
        string bytesReceived,
        string store,
        string undelivered,
        string missed,
        string dropped,
        string since
    ) =>
        string.Format(
            CultureInfo.InvariantCulture,
            "{0,10} {1,-4} {2,-9} {3,5} {4,5} {5,4} {6,4} {7,5} {8,5} {9,5} {10,5} {11,3} {12,5} {13,5} {14,5} {15,5}",
            peer,
            state,
            (path.Length > 9 ? path[..9] : path),
            rtt,
            jitter,
            loss,
            reordered,
            sent,
            bytesSent,
            received,
            bytesReceived,
            store,
            undelivered,
            missed,
            dropped,
            since
        );
}
