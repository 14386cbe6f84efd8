using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary><c>health</c>: the health of a running host, as an exit code and as text.</summary>
internal static class HealthCommand
{
    // Longer than the host waits for its loop, so that the host can report a loop that hangs.
    private static readonly TimeSpan s_timeout = TimeSpan.FromSeconds(10);

    public static Command Create()
    {
        Option<bool> strict = new("--strict") { Description = "Exit with 1 when the host is degraded too." };
        Option<bool> json = new("--json") { Description = "Print one object of JSON." };
        HostChoice host = new();
        Command command = new("health", "Checks the health of a running host: exit code 0, or 1 when it is unhealthy.")
        {
            strict,
            json,
        };
        host.AddTo(command);
        command.SetAction(result =>
            RunAsync(() => host.Find(result, Console.Error), result.GetValue(strict), result.GetValue(json))
                .GetAwaiter()
                .GetResult()
        );
        return command;
    }

    private static async Task<int> RunAsync(Func<string> find, bool strict, bool json)
    {
        try
        {
            string path = find();
            using ControlClient client = ControlClient.Ask(path, new ControlRequest { Command = "health" });
            ControlAnswer answer = await client.ReadAsync(s_timeout, CancellationToken.None).ConfigureAwait(false);
            HealthReport report =
                answer.Health
                ?? throw new ControlFailure(
                    $"what listens at {path} does not speak the protocol of the control socket: it answers no health",
                    ExitCode.Unavailable
                );
            if (json)
                Console.Out.WriteLine(JsonSerializer.Serialize(report, MonitoringJson.Default.HealthReport));
            else
                Print(report);
            return report.Status == "healthy" || (report.Status == "degraded" && !strict)
                ? ExitCode.Success
                : ExitCode.Failure;
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

    private static void Print(HealthReport report)
    {
        Console.Out.WriteLine(report.Status);
        foreach (string problem in report.Problems)
            Console.Out.WriteLine($"- {problem}");
    }
}
