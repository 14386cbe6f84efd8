using System.Globalization;
using FastForward.Host.Monitoring;
using FastForward.Host.Screens;
using Spectre.Console;
using Spectre.Console.Rendering;

namespace FastForward.Host.Demo;

/// <summary>What a person sees of an impaired transport at the end of the demo.</summary>
internal static class ImpairedTable
{
    public static IEnumerable<IRenderable> Of(TransportReport row, int width)
    {
        ImpairedTraffic impaired = row.Impairment!;
        FittingTable table = new(
            new FittingColumn("messages and echoes", 0, IsText: true),
            new FittingColumn("accepted", 2),
            new FittingColumn("delivered", 3),
            new FittingColumn("lost", 1),
            new FittingColumn("late", 1),
            new FittingColumn("sent again", 4),
            new FittingColumn("copied", 4),
            new FittingColumn("p50", 5),
            new FittingColumn("p99", 5)
        );
        Add("real-time", impaired.RealTime, impaired.RealTimeLate, impaired.RealTimeSentAgain, impaired.RealTimeCopied);
        Add("reliable", impaired.Reliable);
        yield return Text.Empty;
        yield return new Text(
            VisibleText.Of($"{row.Type} was impaired on purpose, both ways: {impaired.Settings}"),
            Styles.Doubtful
        );
        yield return new Text(
            $"Of {impaired.Datagrams} datagrams {impaired.DatagramsLost} were lost, {impaired.DatagramsDuplicated} "
                + $"sent twice, {impaired.DatagramsOverflowed} dropped for lack of room. "
                + "The delay alone makes a round trip of "
                + $"{Figures.Micros(impaired.NetworkRttMinMicros)} to {Figures.Micros(impaired.NetworkRttMaxMicros)}."
        );
        yield return table.Fit(width);

        void Add(string name, ImpairedClass messages, params ReadOnlySpan<long> repair) =>
            table.Add(
                Styles.Plain,
                [
                    name,
                    Count(messages.Accepted),
                    Count(messages.Delivered),
                    Count(messages.Lost),
                    repair.IsEmpty ? "-" : Count(repair[0]),
                    repair.IsEmpty ? "-" : Count(repair[1]),
                    repair.IsEmpty ? "-" : Count(repair[2]),
                    Figures.Micros(messages.RttP50Micros),
                    Figures.Micros(messages.RttP99Micros),
                ]
            );
    }

    private static string Count(long value) => value.ToString(CultureInfo.InvariantCulture);
}
