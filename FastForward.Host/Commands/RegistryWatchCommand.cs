using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;
using FastForward.Host.Running;

namespace FastForward.Host.Commands;

/// <summary><c>registry watch</c>: prints what changes in the registries of an instance.</summary>
internal static class RegistryWatchCommand
{
    public static Command Create()
    {
        Option<bool> json = new("--json") { Description = "Print one object of JSON in each line." };
        RegistryChoice choice = new();
        Command command = new("watch", "Prints rows of the registries of an instance as they come, change and go.")
        {
            json,
        };
        choice.AddTo(command);
        command.SetAction(result =>
        {
            if (choice.Read(result) is not { } settings)
                return ExitCode.Configuration;
            if (settings.Registries.Count == 0)
            {
                Console.Error.WriteLine(VisibleText.Of($"{settings.File} has no [registry] section"));
                return ExitCode.Configuration;
            }

            return RunAsync(settings, result.GetValue(json)).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(InstanceSettings settings, bool json)
    {
        using SignalCancellation signals = new();
        try
        {
            await foreach (
                RegistryEvent change in RegistryWatch.RunAsync(settings, signals.Token).ConfigureAwait(false)
            )
            {
                string line = json
                    ? JsonSerializer.Serialize(change, RegistryJson.Default.RegistryEvent)
                    : VisibleText.Of(Describe(change));
                Console.Out.WriteLine(line);
                Console.Out.Flush();
            }

            return ExitCode.Success;
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static string Describe(RegistryEvent change) =>
        $"{change.Time:HH:mm:ss.fff} {change.Source} "
        + change.Kind switch
        {
            RegistryEvent.Added => $"+ {change.Row}",
            RegistryEvent.Changed => $"~ {change.Row}",
            RegistryEvent.Removed => $"- {change.Row}",
            RegistryEvent.Skipped => $"! {change.Row} is skipped: {change.Detail}",
            _ => $"{change.Server} is {change.State}{(change.Detail is null ? "" : $": {change.Detail}")}",
        };
}
