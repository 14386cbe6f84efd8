using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Monitoring;
using FastForward.Host.Screens;
using Spectre.Console.Rendering;

namespace FastForward.Host.Commands;

/// <summary><c>stat</c>: the state of a running host and its peers, repeatedly.</summary>
internal static class StatCommand
{
    public static Command Create()
    {
        Option<double> interval = new("--interval", "-i")
        {
            Description = "Seconds between two readings, 0.1 to 60.",
            HelpName = "s",
            DefaultValueFactory = static _ => 1,
        };
        Option<bool> once = new("--once")
        {
            Description = "One table, with the rates of one interval; with --json one reading.",
        };
        Option<bool> watch = new("--watch", "-w") { Description = "Show them until Ctrl-C, which is the default." };
        Option<bool> json = new("--json") { Description = "Print each reading as a line of JSON." };
        HostChoice host = new();
        Command command = new("stat", "Shows the state of a running host and its peers: paths, loss, rates.")
        {
            interval,
            once,
            watch,
            json,
        };
        host.AddTo(command);
        host.AddAllTo(command);
        command.Validators.Add(result =>
        {
            if (result.GetValue(once) && result.GetValue(watch))
                result.AddError("--once and --watch exclude each other");
        });
        NumberRange.Require(interval, 0.1, 60.0);
        command.SetAction(result =>
        {
            TimeSpan pause = TimeSpan.FromSeconds(result.GetValue(interval));
            return RunAsync(() => host.Find(result, Console.Error), pause, result.GetValue(once), result.GetValue(json))
                .GetAwaiter()
                .GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(
        Func<IReadOnlyList<ControlTarget>> find,
        TimeSpan interval,
        bool once,
        bool json
    )
    {
        using SignalCancellation signals = new();
        CancellationToken stop = signals.Token;
        bool isLive = !once && !Console.IsOutputRedirected;
        StatScreen screen = new(Console.Out, isLive);
        try
        {
            IReadOnlyList<ControlTarget> targets = find();
            using PeriodicTimer timer = new(interval);
            HostReading[]? before = null;
            do
            {
                HostReading[] now = await HostReading.TakeAllAsync(targets, stop).ConfigureAwait(false);
                // A host that is gone later may be restarted: that is shown like any other state.
                if ((once || before is null) && Array.TrueForAll(now, static reading => reading.Report is null))
                    throw now[0].Failure!;
                if (json)
                    PrintJson(now, before);
                else if (before is not null || !once)
                    Show(screen, now, before, isLive);
                if (once && (json || before is not null))
                    break;
                before = now;
            } while (await timer.WaitForNextTickAsync(stop).ConfigureAwait(false));
            return ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Success; // Ctrl-C is how it ends
        }
        catch (ControlFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return failure.ExitCode;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static void PrintJson(HostReading[] now, HostReading[]? before)
    {
        for (int i = 0; i < now.Length; i++)
        {
            if (now[i].Report is { } report)
                Console.Out.WriteLine(JsonSerializer.Serialize(report, MonitoringJson.Default.NodeReport));
            else if (now[i].Failure!.Message != before?[i].Failure?.Message)
                Console.Error.WriteLine(now[i].Failure!.Message);
        }
    }

    private static void Show(StatScreen screen, HostReading[] now, HostReading[]? before, bool isLive)
    {
        int width = Screen.OutputWidth;
        IRenderable view = StatView.Of(now, before, DateTimeOffset.Now, width);
        screen.Show(
            Screen.Lines(view, width, Screen.OutputHasColors),
            isLive ? Math.Max(Console.WindowHeight, 2) : int.MaxValue
        );
    }
}
