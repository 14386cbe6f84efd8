using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;
using FastForward.Host.Running;
using FastForward.Transport;

namespace FastForward.Host.Commands;

/// <summary>
/// <c>registry check</c>: what the node of an instance file would know of other nodes, and all problems.
/// </summary>
internal static class RegistryCheckCommand
{
    public static Command Create()
    {
        InstanceChoice choice = new();
        Option<bool> json = new("--json") { Description = "Print one object of JSON." };
        Command command = new(
            "check",
            "Reads an instance file and its registries: servers, routes, problems. Exit code 1 when there are any."
        )
        {
            json,
        };
        choice.AddTo(command);
        command.SetAction(result =>
            RunAsync(() => choice.Read(result), result.GetValue(json)).GetAwaiter().GetResult()
        );
        return command;
    }

    private static async Task<int> RunAsync(Func<InstanceReading> read, bool json)
    {
        using SignalCancellation signals = new();
        InstanceReading reading = read();
        if (reading.Settings is not { } settings)
            return ProblemReport.Write(reading.Problems, Console.Error, "Nothing was done");

        try
        {
            RegistryCheckReport report = await RegistryCheck
                .RunAsync(settings, reading.Keys, signals.Token)
                .ConfigureAwait(false);
            if (json)
                Console.Out.WriteLine(JsonSerializer.Serialize(report, RegistryJson.Default.RegistryCheckReport));
            else
                Show(report);
            return report.Problems.Count + report.SkippedRows.Count == 0 ? ExitCode.Success : ExitCode.Failure;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
        finally
        {
            foreach (ForwardKey key in reading.Keys)
                key.Dispose();
        }
    }

    private static void Show(RegistryCheckReport report)
    {
        foreach (RegistryReport registry in report.Registries)
        {
            string rows = registry.Source is null ? "no rows yet" : $"{registry.Rows} rows of {registry.Source}";
            Print($"{registry.Name}: {rows}");
            foreach (RegistryServerReport server in registry.Servers)
                Print($"  {Describe(server)}");
        }

        foreach (RouteReport route in report.Routes)
        {
            string address = route.Address.Length == 0 ? "-" : route.Address;
            string hidden = route.Hidden ? ", behind the row above" : "";
            Print(
                $"{route.Node} = {route.KeyId}, {route.Transport}, {address}, {route.Port} "
                    + $"of {route.Source}{hidden}"
            );
        }

        foreach (RowReport row in report.SkippedRows)
            Print($"problem: row {row.Row} of {row.Source} is skipped: {row.Reason}");
        foreach (string problem in report.Problems)
            Print($"problem: {problem}");
        foreach (string warning in report.Warnings)
            Print($"warning: {warning}");
    }

    private static string Describe(RegistryServerReport server)
    {
        string detail = server.Detail is null ? "" : $": {server.Detail}";
        string writes = server.Writes is { } count ? $", {count} writes" : "";
        return $"{server.Address} {server.State}{writes}, notice {server.Notice}{detail}";
    }

    private static void Print(string line) => Console.Out.WriteLine(VisibleText.Of(line));
}
