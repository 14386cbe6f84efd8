using System.Globalization;
using System.Runtime.InteropServices;
using FastForward.Benchmarks.CrossProcess.Contestants;
using FastForward.Benchmarks.CrossProcess.Processes;
using FastForward.Benchmarks.CrossProcess.Reports;
using FastForward.Benchmarks.CrossProcess.Statistics;

namespace FastForward.Benchmarks.CrossProcess.Commands;

/// <summary>Runs a measuring command: outputs, rounds, reports.</summary>
internal static class MeasureRun
{
    /// <returns>The exit code.</returns>
    public static int Run(MeasureSettings settings)
    {
        using CancellationTokenSource stop = new();
        using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Cancel);
        using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Cancel);
        try
        {
            if (Field.Contradiction(settings) is { } contradiction)
            {
                Console.Error.WriteLine(contradiction);
                return ExitCode.Usage;
            }

            using JsonOutput? json = OpenOutputs(settings, out string? problem);
            if (problem is not null)
            {
                Console.Error.WriteLine(problem);
                return ExitCode.Usage;
            }

            if (TemporaryProblem() is { } temporary)
            {
                Console.Error.WriteLine(temporary);
                return ExitCode.Failure;
            }

            return RunAsync(settings, json, stop.Token).GetAwaiter().GetResult();
        }
        catch (OperationCanceledException)
        {
            Console.Error.WriteLine("interrupted; the processes were terminated");
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCode.Failure;
        }

        void Cancel(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.Cancel();
        }
    }

    private static async Task<int> RunAsync(MeasureSettings settings, JsonOutput? json, CancellationToken cancellation)
    {
        using FloorProgram? floor = settings.Implementations.Any(ImplementationName.IsFloor)
            ? FloorProgram.TryBuild(out string? reason)
            : NoFloor(out reason);
        Field field = new(settings, reason);
        List<Row> rows = [];
        bool failed = false;
        foreach (Mode mode in settings.Modes)
        {
            foreach (int size in settings.Sizes)
            {
                List<Row> cell = [.. field.Contests(mode, size).Select(static contest => new Row(contest))];
                failed |= !await MeasureAsync(settings, cell, floor, cancellation).ConfigureAwait(false);
                rows.AddRange(cell.Where(static row => row.Rounds > 0));
            }
        }

        if (rows.Count == 0)
        {
            Console.Error.WriteLine("nothing was measured");
            return ExitCode.Failure;
        }

        Report(settings, json, rows);
        return failed ? ExitCode.Failure : ExitCode.Success;
    }

    /// <summary>
    /// Runs the rounds of all contestants of one mode and size, taking turns. A failure excludes a contestant.
    /// </summary>
    private static async Task<bool> MeasureAsync(
        MeasureSettings settings,
        List<Row> rows,
        FloorProgram? floor,
        CancellationToken cancellation
    )
    {
        HashSet<Row> failed = [];
        for (int round = 1; round <= settings.Rounds; round++)
        {
            foreach (Row row in rows.Where(row => !failed.Contains(row)))
            {
                try
                {
                    RoundResult result = await Round
                        .RunAsync(Plan(settings, row.Contest), settings.Pinning, floor, cancellation)
                        .ConfigureAwait(false);
                    row.Add(result);
                    Console.Error.WriteLine(
                        $"{row.Contest}, round {round} of {settings.Rounds}: {Summary(row, result)}"
                    );
                }
                catch (BenchmarkFailure failure)
                {
                    Console.Error.WriteLine(
                        $"{row.Contest}, round {round} of {settings.Rounds} failed: {failure.Message}"
                    );
                    failed.Add(row);
                }
            }
        }

        rows.RemoveAll(failed.Contains);
        return failed.Count == 0;
    }

    private static SidePlan Plan(MeasureSettings settings, Contest contest) =>
        new()
        {
            Transport = contest.Transport,
            Implementation = contest.Implementation,
            Mode = contest.Mode,
            Workload = settings.Workload,
            Size = contest.Size,
            WarmUpMicros = (long)(1e6 * settings.WarmUpSeconds),
            MeasureMicros = (long)(1e6 * settings.Seconds),
            IntervalNanos = settings.Rate > 0 ? Math.Max(1, (long)(1e9 / settings.Rate)) : 1,
            TickNanos = settings.TickNanos,
            Streams = settings.Streams,
            VSocketType = settings.VSocketType,
        };

    private static string Summary(Row row, RoundResult result)
    {
        Row one = new(row.Contest);
        one.Add(result);
        string times = one.HasTimes
            ? string.Create(
                CultureInfo.InvariantCulture,
                $"p50 {one.P50!.Value.Median:0.0} us, p99 {one.P99!.Value.Median:0.0} us, "
            )
            : "";
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{times}{result.MessagesPerSecond:0} messages/s{(result.Lost > 0 ? $", {result.Lost} lost" : "")}"
        );
    }

    /// <summary>Opens the outputs before anything is measured, so that a wrong path is reported at once.</summary>
    /// <returns>The JSON output; null if not requested.</returns>
    private static JsonOutput? OpenOutputs(MeasureSettings settings, out string? problem)
    {
        problem = null;
        string option = "--plot";
        try
        {
            if (settings.PlotDirectory is { } plots)
            {
                Directory.CreateDirectory(plots);
                File.Create(Path.Combine(plots, $".fastforward-{Environment.ProcessId}"), 1, FileOptions.DeleteOnClose)
                    .Dispose();
            }

            option = "--json";
            return settings.Json ? JsonOutput.Open(settings.JsonFile) : null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            problem = $"{option}: {exception.Message}";
            return null;
        }
    }

    /// <returns>Why no temporary directory for sockets can be created; null if it can.</returns>
    private static string? TemporaryProblem()
    {
        try
        {
            Directory.CreateTempSubdirectory("fastforward-").Delete();
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return $"cannot create a temporary directory in {Path.GetTempPath()} (set TMPDIR to use another one): "
                + exception.Message;
        }
    }

    private static void Report(MeasureSettings settings, JsonOutput? json, List<Row> rows)
    {
        // With JSON on standard output, the tables go to standard error.
        bool isStandardOutput = json is null || settings.JsonFile is not null;
        TableReport.Write(isStandardOutput ? Console.Out : Console.Error, rows, Conditions(settings), isStandardOutput);
        json?.Write(rows);
        if (settings.PlotDirectory is { } directory)
        {
            if (!PlotReport.HasFonts)
                Console.Error.WriteLine(
                    "no fonts are installed: the plots have no text (Debian: apt-get install fonts-dejavu-core)"
                );
            foreach (string plot in PlotReport.Write(directory, NameOfWorkload(settings), rows, Conditions(settings)))
                Console.Error.WriteLine($"wrote {plot}");
        }
    }

    private static string Conditions(MeasureSettings settings) =>
        string.Create(
            CultureInfo.InvariantCulture,
            $"{Machine.Describe()}; "
                + $"{settings.Rounds} {(settings.Rounds == 1 ? "round" : "rounds")} of {settings.Seconds} s, medians"
        );

    private static string NameOfWorkload(MeasureSettings settings) =>
        settings.Workload switch
        {
            WorkloadKind.Ping => "latency",
            WorkloadKind.Paced => string.Create(CultureInfo.InvariantCulture, $"latency-{settings.Rate}-per-second"),
            WorkloadKind.Voice => string.Create(CultureInfo.InvariantCulture, $"voice-{settings.Streams}-streams"),
            _ => "throughput",
        };

    private static FloorProgram? NoFloor(out string? reason)
    {
        reason = "not requested";
        return null;
    }
}
