using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Statistics;
using FastForward.Host.Monitoring;
using FastForward.Host.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>
/// The rows as tables, two for each mode and size: medians with the range of the rounds, and ratios. Costs are in the
/// one that has room for them in 80 columns.
/// </summary>
internal static class TableReport
{
    /// <summary>The width where the output is no terminal.</summary>
    private const int PlainWidth = 80;

    private static readonly FittingColumn[] s_names =
    [
        new FittingColumn("transport", 0, IsText: true),
        new FittingColumn("implementation", 0, IsText: true),
    ];

    private static readonly FittingColumn[] s_costs =
    [
        new FittingColumn("B/message", 2),
        new FittingColumn("CPU %", 1),
    ];

    /// <param name="output">Where the tables are written.</param>
    /// <param name="rows">The rows.</param>
    /// <param name="conditions">Machine, rounds and their length, for the first line.</param>
    /// <param name="isStandardOutput">Whether <paramref name="output"/> is it, so that it may be a terminal.</param>
    public static void Write(TextWriter output, IReadOnlyList<Row> rows, string conditions, bool isStandardOutput)
    {
        int width = isStandardOutput && !Console.IsOutputRedirected ? Screen.OutputWidth : PlainWidth;
        bool hasTimes = rows.Any(static row => row.HasTimes);
        List<IRenderable> parts = [new Text(conditions, Styles.Minor)];
        foreach (
            IGrouping<(string Mode, int Size), Row> cell in rows.GroupBy(static row =>
                (row.Contest.Mode.ToString().ToLowerInvariant(), row.Contest.Size)
            )
        )
        {
            parts.Add(Text.Empty);
            parts.Add(new Text($"{cell.Key.Mode}, {cell.Key.Size} B", new Style(decoration: Decoration.Bold)));
            Row[] contestants = [.. cell];
            parts.Add((hasTimes ? Times(contestants) : Rates(contestants)).Fit(width));
            parts.Add(Text.Empty);
            parts.Add((hasTimes ? TimeRatios(contestants) : RateRatios(contestants)).Fit(width));
        }

        foreach (string line in Screen.Lines(new Rows(parts), width, isStandardOutput && Screen.OutputHasColors))
            output.WriteLine(line);
    }

    private static FittingTable Times(Row[] rows)
    {
        FittingTable table = new([
            .. s_names,
            new FittingColumn("p50 us", 0),
            new FittingColumn("p50 range", 3),
            new FittingColumn("p99 us", 1),
            new FittingColumn("p99 range", 4),
            new FittingColumn("p99.9 us", 5),
            new FittingColumn("lost %", 0),
        ]);
        Add(
            table,
            rows,
            static row =>
                [
                    Median(row.P50, Micros),
                    Range(row.P50, Micros),
                    Median(row.P99, Micros),
                    Range(row.P99, Micros),
                    Median(row.P999, Micros),
                    Lost(row),
                ]
        );
        return table;
    }

    private static FittingTable TimeRatios(Row[] rows)
    {
        FittingTable table = new([
            .. s_names,
            new FittingColumn("p50 / C", 0),
            new FittingColumn("p99 / C", 3),
            new FittingColumn("p50 / NetMQ", 5),
            new FittingColumn("messages/s", 4),
            .. s_costs,
        ]);
        Add(
            table,
            rows,
            row =>
                [
                    Ratio(row.RatioTo(Find(rows, row, row.Contest.Floor), 50), "0.00"),
                    Ratio(row.RatioTo(Find(rows, row, row.Contest.Floor), 99), "0.00"),
                    Ratio(row.RatioTo(Find(rows, row, row.Contest.NetMQ), 50), "0.000"),
                    Figures.Compact(row.MessagesPerSecond.Median),
                    .. Costs(row),
                ]
        );
        return table;
    }

    private static FittingTable Rates(Row[] rows)
    {
        FittingTable table = new([
            .. s_names,
            new FittingColumn("messages/s", 0),
            new FittingColumn("range", 3),
            new FittingColumn("lost %", 0),
            .. s_costs,
        ]);
        Add(
            table,
            rows,
            static row =>
                [
                    Median(row.MessagesPerSecond, Figures.Compact),
                    Range(row.MessagesPerSecond, Figures.Compact),
                    Lost(row),
                    .. Costs(row),
                ]
        );
        return table;
    }

    private static FittingTable RateRatios(Row[] rows)
    {
        FittingTable table = new([
            .. s_names,
            new FittingColumn("rate / C", 0),
            new FittingColumn("rate / C packed", 1),
            new FittingColumn("rate / NetMQ", 2),
        ]);
        Add(
            table,
            rows,
            row =>
                [
                    Ratio(row.RateRatioTo(Find(rows, row, row.Contest.Floor)), "0.00"),
                    Ratio(row.RateRatioTo(Find(rows, row, row.Contest.PackedFloor)), "0.00"),
                    Ratio(row.RateRatioTo(Find(rows, row, row.Contest.NetMQ)), "0.00"),
                ]
        );
        return table;
    }

    private static void Add(FittingTable table, Row[] rows, Func<Row, string[]> cells)
    {
        foreach (Row row in rows)
            table.Add(row.Lost > 0 ? Styles.Doubtful : Styles.Plain, [row.Contest.Transport, row.Label, .. cells(row)]);
    }

    private static Row? Find(Row[] rows, Row row, Contest contest) =>
        contest == row.Contest ? null : Array.Find(rows, other => other.Contest == contest);

    private static string[] Costs(Row row) =>
        [Median(row.AllocatedBytesPerMessage, Bytes), Median(row.CpuPercent, Percent)];

    private static string Lost(Row row) => Figures.Percent(100.0 * row.Lost / Math.Max(1, row.Sent));

    private static string Median(Spread? value, Func<double, string> text) =>
        value is { } spread ? text(spread.Median) : "-";

    private static string Range(Spread? value, Func<double, string> text) =>
        value is { } spread ? $"{text(spread.Least)}..{text(spread.Most)}" : "-";

    private static string Ratio(double? value, string format) =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";

    private static string Micros(double micros) =>
        micros.ToString(
            micros switch
            {
                < 9.995 => "0.00",
                < 99.95 => "0.0",
                _ => "0",
            },
            CultureInfo.InvariantCulture
        );

    private static string Bytes(double bytes) => bytes.ToString("0.##", CultureInfo.InvariantCulture);

    private static string Percent(double percent) => percent.ToString("0", CultureInfo.InvariantCulture);
}
