using System.Globalization;
using FastForward.Host.Monitoring;
using FastForward.Host.Screens;
using Spectre.Console;

namespace FastForward.Host.Demo.Chaos;

/// <summary>What a person sees at the end of the demo with faults.</summary>
internal static class ChaosTable
{
    public static void Write(TextWriter output, ChaosDocument document, int width, bool colors)
    {
        FittingTable faults = new(
            new FittingColumn("fault", 0, IsText: true),
            new FittingColumn("times", 1),
            new FittingColumn("pause p50", 3),
            new FittingColumn("p99", 4),
            new FittingColumn("max", 2),
            new FittingColumn("rt lost", 5),
            new FittingColumn("rt late", 6)
        );
        foreach (ChaosPauses row in document.Faults)
        {
            faults.Add(
                row.Kind == ChaosScript.Nothing ? Styles.Minor : Styles.Plain,
                row.Kind,
                Count(row.Times),
                Figures.Micros(row.PauseP50Micros),
                Figures.Micros(row.PauseP99Micros),
                Figures.Micros(row.PauseMaxMicros),
                Count(row.Skipped),
                Count(row.Late)
            );
        }

        FittingTable classes = new(
            new FittingColumn("messages and echoes", 0, IsText: true),
            new FittingColumn("accepted", 1),
            new FittingColumn("delivered", 2),
            new FittingColumn("lost", 0),
            new FittingColumn("late", 3),
            new FittingColumn("p50", 4),
            new FittingColumn("p99", 4)
        );
        Add("real-time", document.RealTime, Count(document.RealTimeLate));
        Add("reliable", document.Reliable, "-");
        double share = document.RealTime.Accepted == 0 ? 0 : 100.0 * document.SentTwice / document.RealTime.Accepted;
        Rows all = new(
            faults.Fit(width),
            Text.Empty,
            classes.Fit(width),
            new Text(
                $"Repeated {document.Duplicated}, out of order {document.Reordered}, damaged {document.Damaged}, "
                    + $"refused by the sending node {document.Refused}.",
                Sound(document.Duplicated + document.Reordered + document.Damaged)
            ),
            new Text(
                $"Sent over two paths at once: {document.SentTwice} real-time messages, "
                    + $"{document.SentTwiceBytes} bytes more ({Figures.Percent(share)} %); "
                    + $"{document.Rescued} of them came over the second path alone."
            ),
            new Text(
                "A pause is the longest time in which a node got no real-time message of the other one, from a fault "
                    + "to the next. In real time (rt) messages may be lost, reliable ones never are.",
                Styles.Minor
            ),
            document.IsSuccess ? new Text("ok", Styles.Good) : new Text("FAILED", Styles.Bad)
        );
        foreach (string line in Screen.Lines(all, width, colors))
            output.WriteLine(line);

        void Add(string name, ImpairedClass messages, string late) =>
            classes.Add(
                Styles.Plain,
                name,
                Count(messages.Accepted),
                Count(messages.Delivered),
                Count(messages.Lost),
                late,
                Figures.Micros(messages.RttP50Micros),
                Figures.Micros(messages.RttP99Micros)
            );
    }

    private static Style Sound(long faults) => faults == 0 ? Styles.Plain : Styles.Bad;

    private static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);
}
