using System.Globalization;
using FastForward.Host.Control;
using FastForward.Host.Screens;

namespace FastForward.Host.Monitoring;

/// <summary>The table of <c>list</c>.</summary>
internal static class HostTable
{
    public static IReadOnlyList<string> Lines(IReadOnlyList<HostReading> readings)
    {
        FittingTable table = new(
            new FittingColumn("node", 0),
            new FittingColumn("up", 2),
            new FittingColumn("process", 3),
            new FittingColumn("connected", 1),
            new FittingColumn("instance", 0, IsText: true)
        );
        foreach (HostReading reading in readings)
        {
            if (reading.Report is { } report)
                table.Add(
                    Connected(report) == report.Peers.Count ? Styles.Plain : Styles.Doubtful,
                    report.Node.ToString(CultureInfo.InvariantCulture),
                    Figures.Age(report.UptimeSeconds),
                    report.ProcessId.ToString(CultureInfo.InvariantCulture),
                    string.Create(CultureInfo.InvariantCulture, $"{Connected(report)} of {report.Peers.Count}"),
                    report.File
                );
            else
                table.Add(Styles.Bad, "-", "-", "-", "-", reading.Failure!.Message);
        }

        int width = Screen.OutputWidth;
        return Screen.Lines(table.Fit(width), width, Screen.OutputHasColors);
    }

    /// <summary>How many peers are connected.</summary>
    public static int Connected(NodeReport report) => report.Peers.Count(static peer => peer.State == "connected");
}
