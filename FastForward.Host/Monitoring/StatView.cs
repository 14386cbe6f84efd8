using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Monitoring;

/// <summary>The reports of hosts for people: what is wrong first, then peers, actors and the loop.</summary>
internal static class StatView
{
    private const string Legend = "rtt, jit(ter): us; loss, reo(rdered): % of 30 s; B: payload bytes; st%: send store";

    /// <summary>All hosts, one below the other.</summary>
    /// <param name="now">The readings.</param>
    /// <param name="before">The ones before; null when there are none: then there are no rates.</param>
    /// <param name="clock">The time of the readings.</param>
    /// <param name="width">The columns that there are.</param>
    public static IRenderable Of(
        IReadOnlyList<HostReading> now,
        IReadOnlyList<HostReading>? before,
        DateTimeOffset clock,
        int width
    )
    {
        List<IRenderable> parts = [];
        for (int i = 0; i < now.Count; i++)
        {
            if (i > 0)
                parts.Add(Text.Empty);
            if (now[i].Report is { } report)
                parts.AddRange(Host(report, Comparable(report, before?[i].Report), clock, width));
            else
                parts.Add(new Text(VisibleText.Of(now[i].Failure!.Message), Styles.Bad));
        }

        return new Rows(parts);
    }

    // Another process counts from 0.
    private static NodeReport? Comparable(NodeReport now, NodeReport? before) =>
        before is not null && before.ProcessId == now.ProcessId && before.UptimeSeconds < now.UptimeSeconds
            ? before
            : null;

    private static IEnumerable<IRenderable> Host(NodeReport now, NodeReport? before, DateTimeOffset clock, int width)
    {
        yield return new Text(
            VisibleText.Of(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"{clock:HH:mm:ss}  node {now.Node}  up {Figures.Age(now.UptimeSeconds)}  "
                        + $"process {now.ProcessId}  {now.File}"
                )
            ),
            new Style(decoration: Decoration.Bold)
        );
        if (StatTrouble.Of(now, before) is { } trouble)
            yield return trouble;
        yield return Text.Empty;
        if (now.Peers.Count == 0)
        {
            yield return new Text("no route leads to any node");
        }
        else
        {
            yield return PeerTable.Of(now, before, width);
            yield return new Text(Legend, Styles.Minor);
            if (PathTable.Of(now, width) is { } paths)
            {
                yield return Text.Empty;
                yield return paths;
            }
        }

        if (now.Actors.Count > 0)
        {
            yield return Text.Empty;
            yield return ActorTable.Of(now, before, width);
        }

        foreach (IRenderable part in RegistryTable.Of(now, width))
            yield return part;
        yield return Text.Empty;
        foreach (TransportLine transport in now.Transports)
        {
            yield return new Text(
                VisibleText.Of(
                    $"{Figures.Short(transport.Type).PadRight(7)} "
                        + (transport.Reason ?? string.Join("  ", transport.EndPoints))
                ),
                transport.Reason is null ? Styles.Plain : Styles.Minor
            );
        }

        yield return new Text(VisibleText.Of(Loop(now.Loop, before?.Loop)), Styles.Minor);
    }

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
}
