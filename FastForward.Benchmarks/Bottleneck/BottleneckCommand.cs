using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Benchmarks.CrossProcess.Reports;
using FastForward.Benchmarks.CrossProcess.Statistics;
using FastForward.Host.Screens;
using Spectre.Console;

namespace FastForward.Benchmarks.Bottleneck;

/// <summary>The command <c>bottleneck</c>, which needs root.</summary>
internal static class BottleneckCommand
{
    private const int Width = 120;

    public static Command Create()
    {
        Option<int> rate = MeasureOptions.Number("--rate", "Megabits per second of the bottleneck.", 20, 1, 1000);
        Option<int> roundTrip = MeasureOptions.Number("--rtt", "Its round trip in milliseconds.", 40, 1, 1000);
        Option<int> voices = MeasureOptions.Number("--streams", "Voice streams.", 20, 1, 1000);
        Option<int> rounds = MeasureOptions.Number("--rounds", "How often each scenario is measured.", 3, 1, 100);
        Option<int> seconds = MeasureOptions.Number("--seconds", "Measured time of a round.", 15, 1, 3600);
        Option<int> warmUp = MeasureOptions.Number("--warmup", "Time before it.", 8, 0, 3600);
        Option<string[]> only = new("--only")
        {
            Description = "What to measure: tcp, reliable, reliable+tcp, reno+tcp, voice, voice+reliable, voice+tcp.",
            HelpName = "list",
            CustomParser = ParseScenarios,
            DefaultValueFactory = static _ => BottleneckScenario.Names,
        };
        Command command = new(
            "bottleneck",
            "Reliable messages, TCP and voice through a bottleneck; needs root, iproute2 and /dev/net/tun."
        )
        {
            rate,
            roundTrip,
            voices,
            rounds,
            seconds,
            warmUp,
            only,
        };
        command.SetAction(result =>
            Run(
                result.GetValue(rate),
                result.GetValue(roundTrip),
                result.GetValue(voices),
                result.GetValue(rounds),
                result.GetValue(warmUp),
                result.GetValue(seconds),
                result.GetRequiredValue(only)
            )
        );
        return command;
    }

    private static string[] ParseScenarios(ArgumentResult result)
    {
        string[] names = [.. result.Tokens.SelectMany(static token => token.Value.Split(','))];
        foreach (string name in names.Except(BottleneckScenario.Names))
            result.AddError($"--only: '{name}' is not one of {string.Join(", ", BottleneckScenario.Names)}");
        return names;
    }

    private static int Run(
        int megabits,
        int roundTripMillis,
        int voices,
        int rounds,
        int warmUp,
        int seconds,
        string[] only
    )
    {
        Dictionary<string, List<BottleneckFigures>> figures = [];
        try
        {
            for (int round = 1; round <= rounds; round++)
            {
                foreach (string name in only)
                {
                    BottleneckScenario scenario = BottleneckScenario.Of(name, voices);
                    BottleneckFigures one = scenario.Run(megabits, roundTripMillis, warmUp, seconds);
                    if (!figures.TryGetValue(scenario.Name, out List<BottleneckFigures>? all))
                        figures.Add(scenario.Name, all = []);
                    all.Add(one);
                    Console.Error.WriteLine($"{scenario.Name}, round {round} of {rounds}: {one}");
                }
            }
        }
        catch (BenchmarkFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.Failure;
        }

        Report(figures, $"{megabits} Mbit/s, {roundTripMillis} ms; {rounds} rounds of {seconds} s after {warmUp} s");
        return ExitCode.Success;
    }

    private static void Report(Dictionary<string, List<BottleneckFigures>> figures, string conditions)
    {
        FittingTable table = new(
            new FittingColumn("through the bottleneck", 0, IsText: true),
            new FittingColumn("used %", 0),
            new FittingColumn("reliable, Reno %", 0),
            new FittingColumn("TCP %", 0),
            new FittingColumn("ratio to TCP", 0),
            new FittingColumn("drops", 0),
            new FittingColumn("voice missing %", 0),
            new FittingColumn("p50 ms", 0),
            new FittingColumn("p99 ms", 0)
        );
        foreach ((string name, List<BottleneckFigures> rounds) in figures)
        {
            table.Add(
                Style.Plain,
                name,
                Median(rounds, static one => one.Used * 100, "0.0"),
                Median(rounds, static one => one.Reliable == 0 ? double.NaN : one.Reliable * 100, "0.0"),
                Median(rounds, static one => one.Tcp == 0 ? double.NaN : one.Tcp * 100, "0.0"),
                Median(rounds, static one => one.Tcp * one.Reliable == 0 ? double.NaN : one.Reliable / one.Tcp, "0.00"),
                Median(rounds, static one => one.Drops, "0"),
                Median(rounds, static one => 100.0 * (one.VoiceSent - one.VoiceArrived) / one.VoiceSent, "0.00"),
                Median(rounds, static one => one.DelayMedian, "0.0"),
                Median(rounds, static one => one.DelayP99, "0.0")
            );
        }

        Console.Out.WriteLine($"{Machine.Describe()}; {conditions}; medians");
        foreach (string line in Screen.Lines(table.Fit(Width), Width, colors: false))
            Console.Out.WriteLine(line);
    }

    private static string Median(List<BottleneckFigures> rounds, Func<BottleneckFigures, double> value, string format)
    {
        double median = Spread.Of(rounds.Select(value))!.Value.Median;
        return double.IsNaN(median) ? "-" : median.ToString(format, CultureInfo.InvariantCulture);
    }
}
