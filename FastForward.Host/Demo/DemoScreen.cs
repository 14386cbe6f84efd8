using System.Globalization;
using FastForward.Host.Screens;
using Spectre.Console;

namespace FastForward.Host.Demo;

/// <summary>What a person sees of the demo while it runs and at its end.</summary>
/// <param name="output">Progress goes here.</param>
/// <param name="isTerminal">Progress is one line that changes; otherwise lines of their own.</param>
internal sealed class DemoScreen(TextWriter output, bool isTerminal)
{
    private int _width;

    /// <summary>Shows how far it is.</summary>
    public void Progress(string text)
    {
        if (!isTerminal)
        {
            output.WriteLine(text);
            return;
        }

        output.Write($"\r{text.PadRight(_width)}");
        output.Flush();
        _width = text.Length;
    }

    /// <summary>Shows something that stays.</summary>
    public void Line(string text)
    {
        ClearProgress();
        output.WriteLine(text);
    }

    /// <summary>Removes the line that changes.</summary>
    public void ClearProgress()
    {
        if (_width > 0)
            output.Write($"\r{new string(' ', _width)}\r");
        _width = 0;
    }

    /// <summary>The table at the end.</summary>
    public static void WriteTable(TextWriter output, DemoDocument document, int width, bool colors)
    {
        FittingTable table = new(
            new FittingColumn("transport", 0, IsText: true),
            new FittingColumn("messages", 2),
            new FittingColumn("lost", 1),
            new FittingColumn("dup", 3),
            new FittingColumn("reord", 3),
            new FittingColumn("p50 us", 4),
            new FittingColumn("p99 us", 5),
            new FittingColumn("status", 0, IsText: true)
        );
        foreach (TransportReport row in document.Transports)
        {
            table.Add(
                !row.Available ? Styles.Minor
                    : row.IsPerfect ? Styles.Good
                    : Styles.Bad,
                row.Type,
                Count(row.Sent),
                Count(row.Lost),
                Count(row.Duplicated),
                Count(row.Reordered),
                Micros(row.RttP50Micros),
                Micros(row.RttP99Micros),
                row.IsPerfect ? "ok"
                    : row.Available ? "FAILED"
                    : "not run"
            );

            string Count(long value) => row.Available ? value.ToString(CultureInfo.InvariantCulture) : "-";

            string Micros(double value) => row.Available ? value.ToString("0.0", CultureInfo.InvariantCulture) : "-";
        }

        Rows all = new([
            table.Fit(width),
            .. document
                .Transports.Where(static row => row.Reason is not null)
                .Select(static row => new Text(VisibleText.Of($"{row.Type}: {row.Reason}"))),
            .. document
                .Transports.Where(static row => row.Impairment is not null)
                .SelectMany(row => ImpairedTable.Of(row, width)),
            new Text(
                "A round trip goes from one process of this machine to the other and back, through two nodes each way; "
                    + "longer runs leave out the first second.",
                Styles.Minor
            ),
        ]);
        foreach (string line in Screen.Lines(all, width, colors))
            output.WriteLine(line);
    }
}
