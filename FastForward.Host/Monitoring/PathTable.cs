using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;
using Spectre.Console.Rendering;

namespace FastForward.Host.Monitoring;

/// <summary>The paths of peers that have several: where each leads, and what it carries.</summary>
internal static class PathTable
{
    private static readonly FittingColumn[] s_columns =
    [
        new("peer", 0),
        new("path", 0, IsText: true),
        new("to", 0, IsText: true),
        new("from", 1, IsText: true),
        new("key", 4, IsText: true),
        new("st", 0, IsText: true),
        new("use", 0, IsText: true),
        new("rtt", 2),
        new("loss", 2),
        new("since", 3),
    ];

    /// <summary>The table; null when no peer has more than one path.</summary>
    public static IRenderable? Of(NodeReport now, int width)
    {
        FittingTable table = new(s_columns);
        bool isEmpty = true;
        foreach (PeerReport peer in PeerTable.InOrder(now.Peers).Where(static peer => peer.Paths.Count > 1))
        {
            foreach (PathReport path in peer.Paths)
            {
                isEmpty = false;
                table.Add(
                    path.State is "suspect" or "doubtful" or "returning" ? Styles.Doubtful : Styles.Plain,
                    peer.Node.ToString(CultureInfo.InvariantCulture),
                    path.SharedMemory ? "MEMORY" : Figures.Short(path.Transport),
                    path.Remote ?? "-",
                    path.Local ?? "-",
                    path.KeyId == 0 ? "-" : $"{path.KeyId}{(path.Sealed ? "" : " (open)")}",
                    path.Former ? "former" : path.State,
                    path.InUse ? "yes" : "no",
                    Figures.Micros(path.RoundTripMicros),
                    Figures.Percent(path.LossPercent),
                    Figures.Age(path.AgeSeconds)
                );
            }
        }

        return isEmpty ? null : table.Fit(width);
    }
}
