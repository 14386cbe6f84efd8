using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;
using Spectre.Console.Rendering;

namespace FastForward.Host.Monitoring;

/// <summary>The bridges and outlets of a host, with rates since the report before.</summary>
internal static class ActorTable
{
    public static IRenderable Of(NodeReport now, NodeReport? before, int width)
    {
        FittingTable table = new(
            new FittingColumn("actor", 0, IsText: true),
            new FittingColumn("at", 3, IsText: true),
            new FittingColumn("service", 5),
            new FittingColumn("clients", 1),
            new FittingColumn("to node/s", 2),
            new FittingColumn("from node/s", 2),
            new FittingColumn("to node", 4),
            new FittingColumn("from node", 4),
            new FittingColumn("dropped", 0)
        );
        double seconds = now.UptimeSeconds - (before?.UptimeSeconds ?? 0);
        foreach (ActorReport actor in now.Actors)
        {
            ActorReport? former = before?.Actors.FirstOrDefault(other => other.Name == actor.Name);
            table.Add(
                actor.Dropped > (former?.Dropped ?? actor.Dropped) ? Styles.Doubtful : Styles.Plain,
                actor.Name,
                actor.Address,
                actor.Service.ToString(CultureInfo.InvariantCulture),
                Figures.Compact(actor.Clients),
                Figures.Rate(actor.ToNode, former?.ToNode, seconds),
                Figures.Rate(actor.FromNode, former?.FromNode, seconds),
                Figures.Compact(actor.ToNode),
                Figures.Compact(actor.FromNode),
                Figures.Compact(actor.Dropped)
            );
        }

        return table.Fit(width);
    }
}
