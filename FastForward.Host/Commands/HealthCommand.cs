using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary><c>health</c>: the health of a running host, as an exit code and as text.</summary>
internal static class HealthCommand
{
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
        host.AddAllTo(command);
        command.SetAction(result =>
            RunAsync(() => host.Find(result, Console.Error), result.GetValue(strict), result.GetValue(json))
                .GetAwaiter()
                .GetResult()
        );
        return command;
    }

    private static async Task<int> RunAsync(Func<IReadOnlyList<ControlTarget>> find, bool strict, bool json)
    {
        IReadOnlyList<ControlTarget> targets;
        try
        {
            targets = find();
        }
        catch (ControlFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return failure.ExitCode;
        }

        List<Task<HealthReport>> asked =
        [
            .. targets.Select(static target => target.HealthAsync(CancellationToken.None)),
        ];
        int code = ExitCode.Success;
        for (int i = 0; i < targets.Count; i++)
        {
            try
            {
                HealthReport report = await asked[i].ConfigureAwait(false);
                if (report.Status != "healthy" && (report.Status != "degraded" || strict))
                    code = Math.Max(code, ExitCode.Failure);
                Show(report, json, targets.Count > 1 ? $"{targets[i].Path}: " : "");
            }
            catch (ControlFailure failure)
            {
                Console.Error.WriteLine(failure.Message);
                code = Math.Max(code, failure.ExitCode);
            }
        }

        return code;
    }

    // The exit code is the answer, whether or not the text is read.
    private static void Show(HealthReport report, bool json, string host)
    {
        try
        {
            if (json)
            {
                Console.Out.WriteLine(JsonSerializer.Serialize(report, MonitoringJson.Default.HealthReport));
                return;
            }

            Console.Out.WriteLine(VisibleText.Of($"{host}{report.Status}"));
            foreach (string problem in report.Problems)
                Console.Out.WriteLine(VisibleText.Of($"- {problem}"));
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            LostOutput.Report(exception);
        }
    }
}
