using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Text.Json;
using FastForward.Benchmarks.CrossProcess.Commands;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>The command <c>lossy-voice</c>, and the one that it starts its processes with.</summary>
internal static class LossyVoiceCommand
{
    public const string Side = "lossy-voice-side";

    public static Command Create()
    {
        Option<string[]> profiles = new("--profile")
        {
            Description = "What the relay does, in both directions: one or more of bad-wan, busy, typical.",
            HelpName = "list",
            CustomParser = ParseProfiles,
            DefaultValueFactory = static _ => ["bad-wan"],
        };
        Option<int[]> budgets = new("--budget")
        {
            Description = "Real-time budgets, and latencies of SRT, in milliseconds, 1 to 10000.",
            HelpName = "list",
            CustomParser = ParseBudgets,
            DefaultValueFactory = static _ => [120, 250],
        };
        Option<int> seeds = MeasureOptions.Number("--seeds", "How many seeds, each a round.", 3, 1, 1000);
        Option<int> seed = MeasureOptions.Number("--seed", "The first of them.", 1, 0, int.MaxValue);
        Option<int> seconds = MeasureOptions.Number("--seconds", "Measured time of a round.", 22, 1, 3600);
        Option<int> warmUp = MeasureOptions.Number(
            "--warmup",
            "Time before it, in which code is compiled and the path is measured; reported apart.",
            5,
            0,
            3600
        );
        Option<int> streams = MeasureOptions.Number(
            "--streams",
            "Voice streams, each one message per 60 ms.",
            20,
            1,
            1000
        );
        Option<int> size = MeasureOptions.Number("--size", "Bytes per message.", 55, VoicePlan.HeaderSize, 1100);
        Command command = new("lossy-voice", "Voice streams through one seeded lossy relay, beside libsrt.")
        {
            profiles,
            budgets,
            seeds,
            seed,
            seconds,
            warmUp,
            streams,
            size,
        };
        command.SetAction(
            (result, cancellation) =>
                LossyVoiceRun.RunAsync(
                    new LossyVoiceSettings
                    {
                        Profiles = result.GetRequiredValue(profiles),
                        Budgets = result.GetRequiredValue(budgets),
                        Seeds = result.GetValue(seeds),
                        FirstSeed = result.GetValue(seed),
                        Seconds = result.GetValue(seconds),
                        WarmUpSeconds = result.GetValue(warmUp),
                        Streams = result.GetValue(streams),
                        Size = result.GetValue(size),
                    },
                    cancellation
                )
        );
        return command;
    }

    public static Command CreateSide()
    {
        Argument<string> plan = new("plan");
        Command command = new(Side, "One process of a round; started by lossy-voice.") { plan };
        command.Hidden = true;
        plan.Validators.Add(static result =>
        {
            try
            {
                VoicePlan.FromJson(result.Tokens[0].Value);
            }
            catch (JsonException exception)
            {
                result.AddError($"the plan is not valid JSON: {exception.Message}");
            }
        });
        command.SetAction(result => VoiceNode.Run(VoicePlan.FromJson(result.GetRequiredValue(plan))));
        return command;
    }

    private static string[] ParseProfiles(ArgumentResult result)
    {
        string[] names = [.. Words(result)];
        foreach (string name in names)
        {
            if (name is not ("bad-wan" or "busy" or "typical"))
                result.AddError($"--profile: '{name}' is not one of bad-wan, busy, typical");
        }

        return names;
    }

    /// <summary>The impairment of a profile.</summary>
    public static ImpairmentOptions Profile(string name) =>
        ImpairmentOptions.TryParse(name, out ImpairmentOptions? options, out string? problem)
            ? options
            : throw new ArgumentException(problem, nameof(name));

    private static int[] ParseBudgets(ArgumentResult result)
    {
        List<int> budgets = [];
        foreach (string word in Words(result))
        {
            if (
                !int.TryParse(word, NumberStyles.None, CultureInfo.InvariantCulture, out int budget)
                || budget is < 1 or > 10_000
            )
                result.AddError($"--budget: '{word}' is not an integer from 1 to 10000; for example: --budget 120,250");
            else if (!budgets.Contains(budget))
                budgets.Add(budget);
        }

        return [.. budgets];
    }

    private static IEnumerable<string> Words(ArgumentResult result) =>
        result.Tokens.SelectMany(static token => token.Value.Split(',', StringSplitOptions.TrimEntries));
}
