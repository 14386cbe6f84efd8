using System.CommandLine;
using System.Text.Json;
using FastForward.Host.Instances;
using FastForward.Host.Monitoring;

namespace FastForward.Host.Commands;

/// <summary><c>list</c>: the hosts that run on this machine.</summary>
internal static class ListCommand
{
    public static Command Create()
    {
        Option<string> directory = new("--instances-directory")
        {
            Description = "Where the files <id>.conf are; they say where control sockets are outside of /tmp.",
            HelpName = "directory",
            DefaultValueFactory = static _ => InstanceLocator.DefaultDirectory,
        };
        Option<uint> user = HostChoice.CreateUserOption();
        Option<bool> json = new("--json") { Description = "Print a line of JSON for each host." };
        Command command = new("list", "Lists the hosts that run on this machine.") { directory, user, json };
        command.SetAction(result =>
        {
            uint[] users = HostChoice.UsersOf(result, user);
            IReadOnlyList<ControlTarget> running = RunningHosts.Find(result.GetValue(directory)!, users, Console.Error);
            return RunAsync(running, result.GetValue(json)).GetAwaiter().GetResult();
        });
        return command;
    }

    private static async Task<int> RunAsync(IReadOnlyList<ControlTarget> running, bool json)
    {
        HostReading[] readings = await HostReading.TakeAllAsync(running, CancellationToken.None).ConfigureAwait(false);
        // With JSON no host is no line; people read why.
        if (json && readings.Length == 0)
            Console.Error.WriteLine("no host runs");
        try
        {
            IEnumerable<string> lines =
                json ? readings.Select(Json)
                : readings.Length == 0 ? ["no host runs"]
                : HostTable.Lines(readings);
            foreach (string line in lines)
                Console.Out.WriteLine(line);
            return ExitCode.Success;
        }
        catch (Exception exception) when (LostOutput.Is(exception))
        {
            return LostOutput.Report(exception);
        }
    }

    private static string Json(HostReading reading) =>
        JsonSerializer.Serialize(
            new HostLine(
                reading.Target.Path,
                reading.Report?.Node,
                reading.Report?.ProcessId,
                reading.Report?.File,
                reading.Report?.UptimeSeconds,
                reading.Report?.Peers.Count,
                reading.Report is { } report ? HostTable.Connected(report) : null,
                reading.Failure?.Message
            ),
            MonitoringJson.Default.HostLine
        );
}
