using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Monitoring;

/// <summary>What is wrong with a host now, the worst first.</summary>
internal static class StatTrouble
{
    /// <summary>The findings with their subjects; null when there are none.</summary>
    public static IRenderable? Of(NodeReport now, NodeReport? before)
    {
        Table table = new() { Border = TableBorder.None, ShowHeaders = false };
        table.AddColumn(new TableColumn("") { NoWrap = true, Padding = new Padding(0, 0, 2, 0) });
        table.AddColumn(new TableColumn("") { Padding = new Padding(0) });
        if (now.Impairment is { } impairment)
            Add(Styles.Bad, "IMPAIRED", Describe(impairment));
        foreach (PeerReport peer in PeerTable.InOrder(now.Peers))
        {
            if (peer.State != "connected" || peer.Reason is not null)
                Add(
                    PeerTable.StyleOf(peer),
                    $"{peer.Node} {PeerTable.StateOf(peer)} {Figures.Age(peer.InStateSeconds)}",
                    peer.Reason ?? "no reason is known"
                );
            if (peer is { State: "connected", RealTimeCopies: > 0 })
                Add(
                    Styles.Doubtful,
                    peer.Node.ToString(CultureInfo.InvariantCulture),
                    $"real-time messages are sent {peer.RealTimeCopies + 1} times: {peer.RealTimeCopiesReason}"
                );
            if (peer is { State: "connected", RescuedMessages: > 0 })
                Add(
                    Styles.Minor,
                    peer.Node.ToString(CultureInfo.InvariantCulture),
                    $"a second path has saved {Figures.Compact(peer.RescuedMessages)} of "
                        + $"{Figures.Compact(peer.ReceivedTwice)} real-time messages that came over it; "
                        + $"{Figures.Compact(peer.SkippedMessages)} came over none"
                );
            if (peer is { State: "connected", LosesRealTime: true })
                Add(
                    Styles.Bad,
                    peer.Node.ToString(CultureInfo.InvariantCulture),
                    $"real-time messages are lost for good: {peer.RealTimeCopiesReason}"
                );
            if (peer.State is "connected" or "suspect" && ReasonForSocket(peer) is { } without)
                Add(
                    Styles.Minor,
                    peer.Node.ToString(CultureInfo.InvariantCulture),
                    $"shares no memory, and uses its socket: {without}"
                );
            if (peer.RefusedClaim is { } claim)
                Add(
                    Styles.Doubtful,
                    peer.Node.ToString(CultureInfo.InvariantCulture),
                    $"refused{Ago(peer)}: another process that claimed to be this node: {claim}"
                );
        }

        foreach (ActorReport actor in now.Actors)
        {
            ActorReport? former = before?.Actors.FirstOrDefault(other => other.Name == actor.Name);
            if (Grown(actor.Dropped, former?.Dropped) is { } drops)
                Add(
                    Styles.Doubtful,
                    actor.Name,
                    $"{Figures.Compact(drops)} datagrams dropped since the reading before"
                );
        }

        if (Grown(now.UndeliveredMessages, before?.UndeliveredMessages) is { } undelivered)
            Add(Styles.Doubtful, "undelivered", $"{Figures.Compact(undelivered)} messages since the reading before");
        if (Grown(now.Loop.CallbackFailures, before?.Loop.CallbackFailures) is { } failures)
            Add(Styles.Doubtful, "loop", $"{Figures.Compact(failures)} callbacks failed since the reading before");
        if (Grown(now.Loop.Stalls, before?.Loop.Stalls) is { } stalls)
            Add(Styles.Doubtful, "loop", $"the process did not run, {Figures.Compact(stalls)} times since then");
        foreach (UnconfiguredReport node in now.Unconfigured)
            Add(
                Styles.Doubtful,
                node.Node.ToString(CultureInfo.InvariantCulture),
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"not configured, but heard over {Figures.Short(node.Transport)} {node.Handshakes} times, "
                        + $"last {Figures.Age(node.HeardSecondsAgo)} ago"
                )
            );
        return table.Rows.Count > 0 ? table : null;

        void Add(Style style, string subject, string finding) =>
            table.AddRow(new Text(VisibleText.Of(subject), style), new Text(VisibleText.Of(finding), style));
    }

    private static string? ReasonForSocket(PeerReport peer) =>
        peer.Paths.Select(static path => path.NoSharedMemoryReason).FirstOrDefault(static reason => reason is not null);

    private static string Describe(ImpairmentReport impairment) =>
        $"on purpose, by impair = {impairment.Settings}: of {Figures.Compact(impairment.Frames)} datagrams sent "
        + $"{Figures.Compact(impairment.Lost)} lost, {Figures.Compact(impairment.LostInOutages)} in outages, "
        + $"{Figures.Compact(impairment.Overflowed)} for lack of room, {Figures.Compact(impairment.Duplicated)} twice";

    // A host of an earlier version does not say it.
    private static string Ago(PeerReport peer) =>
        peer.RefusedClaimSecondsAgo is { } seconds ? $" {Figures.Age(seconds)} ago" : "";

    private static long? Grown(long now, long? before) => before is { } then && now > then ? now - then : null;
}
