using System.CommandLine;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Text.Json;
using FastForward.Benchmarks.Bottleneck;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.LossyVoice;
using FastForward.Benchmarks.Registry;

namespace FastForward.Benchmarks.CrossProcess.Commands;

/// <summary>
/// The commands of the cross-process tool and the program's help. Command lines that begin with any other option are
/// passed to BenchmarkDotNet.
/// </summary>
internal static class CrossProcessCommandLine
{
    private const string Side = "side";

    /// <summary>
    /// Whether the arguments are for this tool. Unknown words are, so that they are reported as errors.
    /// </summary>
    public static bool Handles(string[] args) =>
        args is [] or ["--help" or "-h" or "-?" or "--version", ..] || !args[0].StartsWith('-');

    /// <returns>The exit code.</returns>
    public static int Run(string[] args)
    {
        if (!OperatingSystem.IsLinux())
        {
            Console.Error.WriteLine("The tool runs on Linux (x64, arm64) only.");
            return ExitCode.Failure;
        }

        RootCommand root = new(
            "Measures FastForward and other libraries. Any other option is passed to BenchmarkDotNet, "
                + "for example --list flat."
        )
        {
            Latency(),
            Throughput(),
            Voice(),
            LossyVoiceCommand.Create(),
            BottleneckCommand.Create(),
            RegistryCommand.Create(),
            new Command(
                "suites",
                "BenchmarkDotNet suites of the library, in one process; accepts BenchmarkDotNet's options."
            ),
            SideCommand(),
            LossyVoiceCommand.CreateSide(),
        };
        ParseResult result = root.Parse(args);
        if (result.Action is ParseErrorAction)
            return Refuse(result);
        return result.Invoke(new InvocationConfiguration { ProcessTerminationTimeout = null });
    }

    /// <summary>Prints the errors of a command line.</summary>
    public static int Refuse(ParseResult result)
    {
        foreach (ParseError error in result.Errors)
            Console.Error.WriteLine(error.Message);
        Console.Error.WriteLine($"For usage, run {result.CommandResult.Command.Name} --help.");
        return ExitCode.Usage;
    }

    private static Command Latency()
    {
        MeasureOptions options = new([64, 256, 1100]);
        Option<int> rate = MeasureOptions.Number(
            "--rate",
            "Messages per second, sent at fixed times without waiting for replies (open loop); "
                + "0 for one at a time (ping-pong).",
            0,
            0,
            10_000_000
        );
        Command command = new("latency", "Round-trip times between two processes.") { rate };
        options.AddTo(command);
        command.SetAction(result =>
        {
            int perSecond = result.GetValue(rate);
            return MeasureRun.Run(
                options.Read(result, perSecond == 0 ? WorkloadKind.Ping : WorkloadKind.Paced) with
                {
                    Rate = perSecond,
                }
            );
        });
        return command;
    }

    private static Command Throughput()
    {
        MeasureOptions options = new([64, 256, 1100]);
        Command command = new("throughput", "Messages per second between two processes, one way.");
        options.AddTo(command);
        command.SetAction(result => MeasureRun.Run(options.Read(result, WorkloadKind.Stream)));
        return command;
    }

    private static Command Voice()
    {
        const double PeriodSeconds = 0.06;
        MeasureOptions options = new([60]);
        Option<int> streams = MeasureOptions.Number(
            "--streams",
            "Voice streams, each one message per 60 ms.",
            1000,
            1,
            1000
        );
        Option<int> tick = MeasureOptions.Number(
            "--tick",
            "Messages that are due within one tick of this many microseconds are sent together; "
                + "1 spreads them evenly, 60000 sends all streams at once.",
            1000,
            1,
            60_000
        );
        Command command = new("voice", "One-way times and CPU of many voice streams between two processes.")
        {
            streams,
            tick,
        };
        options.AddTo(command);
        command.SetAction(result =>
            MeasureRun.Run(
                options.Read(result, WorkloadKind.Voice) with
                {
                    Rate = result.GetValue(streams) / PeriodSeconds,
                    TickNanos = result.GetValue(tick) * 1000L,
                    Streams = result.GetValue(streams),
                }
            )
        );
        return command;
    }

    private static Command SideCommand()
    {
        Argument<string> plan = new("plan");
        Command command = new(Side, "One process of a round; started by the other commands.") { plan };
        command.Hidden = true;
        plan.Validators.Add(static result =>
        {
            try
            {
                SidePlan.FromJson(result.Tokens[0].Value);
            }
            catch (JsonException exception)
            {
                result.AddError($"the plan is not valid JSON: {exception.Message}");
            }
        });
        command.SetAction(result => SideRun.Run(SidePlan.FromJson(result.GetRequiredValue(plan))));
        return command;
    }
}
