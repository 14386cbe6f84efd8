using System.Globalization;
using FastForward.Benchmarks.CrossProcess;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Reports;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Benchmarks.LossyVoice;

/// <summary>Runs all contestants of a seed beside each other, so that they share the load of the machine.</summary>
internal static class LossyVoiceRun
{
    // The advice of SRT's makers for some percent of loss: a latency of four round trips.
    private const int AdvisedRoundTrips = 4;

    /// <returns>The exit code.</returns>
    public static async Task<int> RunAsync(LossyVoiceSettings settings, CancellationToken cancellation)
    {
        using CProgram? srt = CProgram.TryBuild("srt_voice", out string? reason, "-lsrt");
        if (srt is null)
            Console.Error.WriteLine($"SRT: not measured (Debian: apt-get install gcc libsrt-openssl-dev): {reason}");
        Console.Out.WriteLine(
            string.Create(
                CultureInfo.InvariantCulture,
                $"{Machine.Describe()}; {settings.Streams} streams of {settings.Size} B per 60 ms; "
                    + $"seeds {settings.FirstSeed} to {settings.FirstSeed + settings.Seeds - 1}, "
                    + $"{settings.Seconds} s each after {settings.WarmUpSeconds} s; medians of the seeds"
            )
        );
        bool failed = false;
        foreach (string name in settings.Profiles)
        {
            ImpairmentOptions profile = LossyVoiceCommand.Profile(name);
            double roundTrip = (2 * profile.Delay.TotalMilliseconds) + profile.Jitter.TotalMilliseconds;
            VoiceContest[] contests =
            [
                .. VoiceContest.Of(settings.Budgets, (int)(AdvisedRoundTrips * roundTrip), srt is not null),
            ];
            for (int i = 0; i < settings.Seeds; i++)
            {
                ulong seed = (ulong)(settings.FirstSeed + i);
                failed |= (
                    await Task.WhenAll(
                            contests.Select(contest => TryAsync(contest, settings, profile, seed, srt, cancellation))
                        )
                        .ConfigureAwait(false)
                ).Contains(false);
            }

            LossyVoiceReport.Write(name, profile, [.. contests.Where(static contest => contest.Rounds.Count > 0)]);
        }

        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    private static async Task<bool> TryAsync(
        VoiceContest contest,
        LossyVoiceSettings settings,
        ImpairmentOptions profile,
        ulong seed,
        CProgram? srt,
        CancellationToken cancellation
    )
    {
        try
        {
            VoiceFigures figures = await VoiceRound
                .RunAsync(contest, settings, profile, seed, srt, cancellation)
                .ConfigureAwait(false);
            contest.Rounds.Add(figures);
            Console.Error.WriteLine(
                $"{contest}, seed {seed}: {figures.Missing} of {figures.Messages} missing, {figures.Late} late"
            );
            return true;
        }
        catch (BenchmarkFailure failure)
        {
            Console.Error.WriteLine($"{contest}, seed {seed}, failed: {failure.Message}");
            return false;
        }
    }
}
