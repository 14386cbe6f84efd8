using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary><c>stat</c>: the state of a running host and its peers, repeatedly.</summary>
internal static class StatCommand
{
    // Longer than the host waits for its loop, so that the host can report a loop that hangs.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        Option<double> interval = new("--interval")
        {
            Description = "Seconds between two readings, 0.1 to 60.",
            HelpName = "s",
            DefaultValueFactory = static _ => 1,
        };
        Option<bool> once = new("--once")
        {
            Description = "One table, with the rates of one interval; with --json one reading.",
        };
        Option<bool> json = new("--json") { Description = "Print each reading as a line of JSON." };
        HostChoice host = new();
        Command command = new("stat", "Shows the state of a running host and its peers: paths, loss, rates.")
        {
            interval,
            once,
            json,
        };
        host.AddTo(command);
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

    private static async Task<int> RunAsync(Func<string> find, TimeSpan interval, bool once, bool json)
    {
        using SignalCancellation signals = new();
        CancellationToken stop = signals.Token;
        bool isLive = !once && !Console.IsOutputRedirected;
        StatScreen screen = new(Console.Out, isLive);
        try
        {
            string path = find();
            using PeriodicTimer timer = new(interval);
            NodeReport? before = null;
            do
            {
                NodeReport now = await ReadAsync(path, stop).ConfigureAwait(false);
                if (json)
                    Console.Out.WriteLine(JsonSerializer.Serialize(now, MonitoringJson.Default.NodeReport));
                else if (before is not null || !once)
                    Show(screen, StatTable.Lines(now, before), isLive);
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
        catch (Exception exception) when (BestEffortWriter.IsLostOutput(exception))
        {
            return ExitCode.Failure; // the reader has closed the output
        }
    }

    private static async Task<NodeReport> ReadAsync(string path, CancellationToken stop)
    {
        using ControlClient client = ControlClient.Ask(path, new ControlRequest { Command = "stat" });
        ControlAnswer answer = await client.ReadAsync(s_timeout, stop).ConfigureAwait(false);
        return answer.Stat
            ?? throw new ControlFailure(
                $"what listens at {path} does not speak the protocol of the control socket: it answers no stat",
                ExitCode.Unavailable
            );
    }

    private static void Show(StatScreen screen, IReadOnlyList<string> lines, bool isLive)
    {
        if (isLive)
            screen.Show(lines, Math.Max(Console.WindowWidth, 1), Math.Max(Console.WindowHeight, 2));
        else
            screen.Show(lines, StatTable.Width, lines.Count);
    }
}
