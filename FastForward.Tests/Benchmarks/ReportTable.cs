namespace FastForward.Tests.Benchmarks;

/// <summary>Reads a table of the tool's report, whose numbers end in the column where their head ends.</summary>
internal sealed class ReportTable
{
    private readonly string _head;
    private readonly string[] _rows;

    /// <param name="report">The report.</param>
    /// <param name="title">The line above the tables of a mode and size.</param>
    /// <param name="column">A column that the table has, and the others below that title do not have.</param>
    public ReportTable(string report, string title, string column)
    {
        string[] lines = report.Split('\n');
        int head = Array.FindIndex(
            lines,
            Math.Max(Array.IndexOf(lines, title), 0),
            line => line.StartsWith("transport ", StringComparison.Ordinal) && HasColumn(line, column)
        );
        Assert.That(head, Is.GreaterThan(0), $"{title}, {column}: {report}");
        _head = lines[head];
        _rows = [.. lines.Skip(head + 1).TakeWhile(static line => line.Length > 0)];
    }

    /// <summary>The cell of a column in the row of a contestant.</summary>
    public string Cell(string transport, string implementation, string column)
    {
        string start = transport.PadRight(_head.IndexOf("implementation", StringComparison.Ordinal)) + implementation;
        string row = _rows.Single(row => row.StartsWith($"{start}  ", StringComparison.Ordinal));
        int end = _head.IndexOf($" {column}", StringComparison.Ordinal) + column.Length + 1;
        return row[..end].Split(' ')[^1];
    }

    private static bool HasColumn(string head, string column) =>
        $"{head} ".Contains($" {column} ", StringComparison.Ordinal);
}
