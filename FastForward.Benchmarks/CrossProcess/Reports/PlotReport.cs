using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>Plots of the rows as PNG files.</summary>
internal static class PlotReport
{
    public static IEnumerable<string> Write(string directory, IReadOnlyList<Row> rows) => [];
}
