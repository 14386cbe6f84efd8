using System.Globalization;
using FastForward.Benchmarks.CrossProcess.Statistics;
using FastForward.Host.Screens;
using FastForward.Transport.Transports.Impairment;
using Spectre.Console;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>The rows of a profile as a table.</summary>
internal static class LossyVoiceReport
{
    private const int PlainWidth = 150;

    public static void Write(string name, ImpairmentOptions profile, IReadOnlyList<VoiceContest> contests)
    {
        FittingTable table = new(
            new FittingColumn("implementation, budget", 0, IsText: true),
            new FittingColumn("missing %", 0),
            new FittingColumn("(range)", 3),
            new FittingColumn("or late %", 0),
            new FittingColumn("p50 ms", 0),
            new FittingColumn("p99 ms", 0),
            new FittingColumn("datagrams", 1),
            new FittingColumn("bytes", 1),
            new FittingColumn("bytes back", 2),
            new FittingColumn("reordered, twice", 5),
            new FittingColumn("warm-up %", 6),
            new FittingColumn("stalls (ms)", 4)
        );
        foreach (VoiceContest contest in contests)
        {
            List<VoiceFigures> rounds = contest.Rounds;
            Spread missing = SpreadOf(rounds, static one => 100.0 * one.Missing / one.Messages);
            long[] stalls = [.. rounds.SelectMany(static one => one.Stalls)];
            table.Add(
                Style.Plain,
                contest.ToString(),
                Text(missing.Median, "0.000"),
                $"({Text(missing.Least, "0.000")}..{Text(missing.Most, "0.000")})",
                Text(SpreadOf(rounds, static one => 100.0 * (one.Missing + one.Late) / one.Messages).Median, "0.000"),
                Text(SpreadOf(rounds, static one => one.PercentileMillis(50)).Median, "0"),
                Text(SpreadOf(rounds, static one => one.PercentileMillis(99)).Median, "0"),
                Text(SpreadOf(rounds, static one => (double)one.Sent.Datagrams / one.Messages).Median, "0.00"),
                Text(SpreadOf(rounds, static one => (double)one.Sent.Bytes / one.Messages).Median, "0"),
                Text(SpreadOf(rounds, static one => (double)one.Returned.Bytes / one.Messages).Median, "0"),
                $"{rounds.Sum(static one => one.Reordered)}, {rounds.Sum(static one => one.Duplicated)}",
                Text(
                    SpreadOf(rounds, static one => 100.0 * one.MissingBefore / Math.Max(one.MessagesBefore, 1)).Median,
                    "0.00"
                ),
                $"{stalls.Length} ({stalls.DefaultIfEmpty().Max() / 1_000_000})"
            );
        }

        Console.Out.WriteLine();
        Console.Out.WriteLine($"{name}: {profile}");
        int width = Console.IsOutputRedirected ? PlainWidth : Screen.OutputWidth;
        foreach (string line in Screen.Lines(table.Fit(width), width, Screen.OutputHasColors))
            Console.Out.WriteLine(line);
        Console.Out.WriteLine(
            "late: later than the least transit of the profile and the budget. datagrams, bytes: sent by client for "
                + "each message, with IPv4 and UDP headers.\n"
                + "warm-up: missing before the measured time. stalls: loops that did not run for 50 ms, the longest."
        );
    }

    private static Spread SpreadOf(List<VoiceFigures> rounds, Func<VoiceFigures, double> value) =>
        Spread.Of(rounds.Select(value))!.Value;

    private static string Text(double value, string format) => value.ToString(format, CultureInfo.InvariantCulture);
}
