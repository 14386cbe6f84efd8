using FastForward.Benchmarks.CrossProcess.Statistics;
using ScottPlot;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>
/// Writes plots as PNG files, one per workload, mode and size: times over percentiles, both axes logarithmic to show
/// the tail, or bars if only rates were measured.
/// </summary>
internal static class PlotReport
{
    private const int Width = 1000;
    private const int Height = 600;

    // The x axis is -log10(1 - percentile): 0, 90, 99, 99.9 are equidistant.
    private static readonly double[] s_nines = [0, 1, 2, 3, 4, 5];
    private static readonly string[] s_percentiles = ["0", "90", "99", "99.9", "99.99", "99.999"];

    /// <summary>Whether fonts are installed; without them the plots have no text.</summary>
    public static bool HasFonts => SkiaSharp.SKTypeface.Default.GlyphCount > 0;

    /// <param name="directory">The output directory.</param>
    /// <param name="workload">The first part of each file name; keeps the plots of different workloads apart.</param>
    /// <param name="rows">The rows to plot.</param>
    /// <param name="conditions">Machine, rounds and their length, for the title.</param>
    /// <returns>The paths of the written files.</returns>
    public static IReadOnlyList<string> Write(
        string directory,
        string workload,
        IReadOnlyList<Row> rows,
        string conditions
    )
    {
        List<string> files = [];
        foreach (
            IGrouping<(string Mode, int Size), Row> cell in rows.GroupBy(static row =>
                (row.Contest.Mode.ToString().ToLowerInvariant(), row.Contest.Size)
            )
        )
        {
            using Plot plot = new();
            plot.Title($"{workload}, {cell.Key.Mode}, {cell.Key.Size} B\n{conditions}", size: 14);
            if (cell.Any(static row => row.HasTimes))
                AddTimes(plot, cell.Where(static row => row.HasTimes));
            else
                AddRates(plot, [.. cell]);
            string file = Path.Combine(directory, $"{workload}-{cell.Key.Mode}-{cell.Key.Size}.png");
            plot.SavePng(file, Width, Height);
            files.Add(file);
        }

        return files;
    }

    private static void AddTimes(Plot plot, IEnumerable<Row> rows)
    {
        foreach (Row row in rows)
        {
            List<double> nines = [],
                micros = [];
            // Up to the percentile above which every round still has ten times.
            double last = Math.Min(s_nines[^1], Math.Log10(row.TimesOfRound / 10.0));
            for (double nine = 0; nine <= last; nine += 0.05)
            {
                nines.Add(nine);
                micros.Add(Math.Log10(row.Percentile(100 * (1 - Math.Pow(10, -nine)))!.Value.Median));
            }

            ScottPlot.Plottables.Scatter line = plot.Add.ScatterLine(nines, micros);
            line.LegendText = NameOf(row);
            line.LineWidth = 2;
            line.LineColor = ColorOf(row);
            line.LinePattern = PatternOf(row);
        }

        double[] decades = [.. Enumerable.Range(-1, 9).Select(static decade => (double)decade)];
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(s_nines, s_percentiles);
        plot.Axes.Left.TickGenerator = new ScottPlot.TickGenerators.NumericManual(
            decades,
            [
                .. decades.Select(static decade =>
                    Math.Pow(10, decade).ToString("#,0.#", System.Globalization.CultureInfo.InvariantCulture)
                ),
            ]
        );
        plot.XLabel("percentile");
        plot.YLabel("microseconds");
        plot.ShowLegend(Edge.Right);
    }

    private static void AddRates(Plot plot, Row[] rows)
    {
        double[] places = [.. Enumerable.Range(0, rows.Length).Select(static place => (double)place)];
        ScottPlot.Plottables.BarPlot bars = plot.Add.Bars(
            places,
            [.. rows.Select(static row => row.MessagesPerSecond.Median / 1e6)]
        );
        for (int i = 0; i < rows.Length; i++)
            bars.Bars[i].FillColor = ColorOf(rows[i]);
        plot.Axes.Bottom.TickGenerator = new ScottPlot.TickGenerators.NumericManual(places, [.. rows.Select(NameOf)]);
        plot.Axes.Margins(bottom: 0);
        plot.YLabel("million messages per second");
    }

    private static string NameOf(Row row) => $"{row.Label}, {row.Contest.Transport}";

    // By implementation and transport, not by the order of the rows, so that all plots use the same ones.
    private static Color ColorOf(Row row) =>
        new ScottPlot.Palettes.Category10().GetColor(Array.IndexOf(ImplementationName.All, row.Contest.Implementation));

    private static LinePattern PatternOf(Row row) =>
        row.Contest.Transport switch
        {
            TransportName.Ip => LinePattern.Solid,
            TransportName.Socket => LinePattern.Dashed,
            TransportName.Memory => LinePattern.Dotted,
            TransportName.VSocket => LinePattern.DenselyDashed,
            _ => LinePattern.Dotted,
        };
}
