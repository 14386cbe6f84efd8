using System.Globalization;

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
    public static void WriteTable(TextWriter table, DemoDocument document)
    {
        table.WriteLine(
            string.Format(
                CultureInfo.InvariantCulture,
                "{0,-25} {1,9} {2,6} {3,10} {4,9} {5,9} {6,9}  status",
                "transport",
                "messages",
                "lost",
                "duplicated",
                "reordered",
                "p50 us",
                "p99 us"
            )
        );
        foreach (TransportReport row in document.Transports)
        {
            string figures = row.Available
                ? string.Format(
                    CultureInfo.InvariantCulture,
                    "{0,9} {1,6} {2,10} {3,9} {4,9:0.0} {5,9:0.0}",
                    row.Sent,
                    row.Lost,
                    row.Duplicated,
                    row.Reordered,
                    row.RttP50Micros,
                    row.RttP99Micros
                )
                : string.Format(
                    CultureInfo.InvariantCulture,
                    "{0,9} {1,6} {2,10} {3,9} {4,9} {5,9}",
                    "-",
                    "-",
                    "-",
                    "-",
                    "-",
                    "-"
                );
            table.WriteLine(
                string.Format(CultureInfo.InvariantCulture, "{0,-25} {1}  {2}", row.Type, figures, Status(row))
            );
        }

        table.WriteLine(
            "A round trip goes from one process of this machine to the other and back, through two nodes each way; "
                + "longer runs leave out the first second."
        );
    }

    private static string Status(TransportReport row)
    {
        if (!row.Available)
            return row.Reason ?? "not available";
        if (row.IsPerfect)
            return "ok";
        return row.Reason is null ? "FAILED" : $"FAILED: {row.Reason}";
    }
}
