using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Reports;

/// <summary>The rows as a Markdown table: medians, the range of the rounds, ratios, losses.</summary>
internal static class TableReport
{
    public static void Write(TextWriter output, IReadOnlyList<Row> rows)
    {
        bool times = rows.Any(static row => row.HasTimes);
        List<string[]> lines = [Heading(times), .. rows.Select(row => Line(row, rows, times))];
        int[] widths =
        [
            .. Enumerable.Range(0, lines[0].Length).Select(column => lines.Max(line => line[column].Length)),
        ];
        lines.Insert(1, [.. widths.Select(static width => new string('-', width))]);
        foreach (string[] line in lines)
            output.WriteLine($"| {string.Join(" | ", line.Select((cell, column) => cell.PadRight(widths[column])))} |");
    }

    private static string[] Heading(bool times) =>
        times
            ?
            [
                "transport",
                "implementation",
                "mode",
                "size",
                "p50 us (range)",
                "p99 us (range)",
                "p99.9 us",
                "p50 / C",
                "p99 / C",
                "p50 / NetMQ",
                "messages/s",
                "B/message",
                "CPU %",
                "lost",
            ]
            :
            [
                "transport",
                "implementation",
                "mode",
                "size",
                "messages/s (range)",
                "rate / C",
                "rate / C packed",
                "rate / NetMQ",
                "B/message",
                "CPU %",
                "lost",
            ];

    private static string[] Line(Row row, IReadOnlyList<Row> rows, bool times)
    {
        Row? floor = Find(row.Contest.Floor),
            netMQ = Find(row.Contest.NetMQ);
        string[] name =
        [
            row.Contest.Transport,
            row.Label,
            row.Contest.Mode.ToString().ToLowerInvariant(),
            Text(row.Contest.Size, "0"),
        ];
        string[] cost =
        [
            Text(row.AllocatedBytesPerMessage?.Median, "0.##"),
            Text(row.CpuPercent?.Median, "0"),
            Lost(row),
        ];
        return times
            ?
            [
                .. name,
                Range(row.P50, "0.00"),
                Range(row.P99, "0.00"),
                Text(row.P999?.Median, "0.0"),
                Text(row.RatioTo(floor, 50), "0.00"),
                Text(row.RatioTo(floor, 99), "0.00"),
                Text(row.RatioTo(netMQ, 50), "0.000"),
                Text(row.MessagesPerSecond.Median, "0"),
                .. cost,
            ]
            :
            [
                .. name,
                Range(row.MessagesPerSecond, "0"),
                Text(row.RateRatioTo(floor), "0.00"),
                Text(row.RateRatioTo(Find(row.Contest.PackedFloor)), "0.00"),
                Text(row.RateRatioTo(netMQ), "0.00"),
                .. cost,
            ];

        Row? Find(Contest contest) =>
            contest == row.Contest ? null : rows.FirstOrDefault(other => other.Contest == contest);
    }

    private static string Lost(Row row) =>
        row.Lost == 0 ? "0" : $"{row.Lost} ({Text(100.0 * row.Lost / Math.Max(1, row.Sent), "0.###")} %)";

    private static string Range(Spread? value, string format) =>
        value is { } spread
            ? $"{Text(spread.Median, format)} ({Text(spread.Least, format)}..{Text(spread.Most, format)})"
            : "-";

    private static string Text(double? value, string format) =>
        value?.ToString(format, CultureInfo.InvariantCulture) ?? "-";
}
