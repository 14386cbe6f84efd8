using System.CommandLine;
using FastForward.Host.Demo;
using FastForward.Host.Instances;

namespace FastForward.Host.Commands;

/// <summary><c>demo-node</c>, hidden: one node process of the demo, started by it.</summary>
internal static class DemoNodeCommand
{
    public static Command Create()
    {
        Option<string> instance = new(DemoNodeArguments.Instance) { Required = true };
        Option<uint> peer = new(DemoNodeArguments.Peer) { Required = true };
        Option<int> seconds = new(DemoNodeArguments.Seconds) { Required = true };
        Option<int> talkers = new(DemoNodeArguments.Talkers) { Required = true };
        Option<int?> relay = new(DemoNodeArguments.Relay);
        Command command = new(DemoNodeArguments.Command) { instance, peer, seconds, talkers, relay };
        command.Hidden = true;
        command.SetAction(result =>
        {
            InstanceReading reading = InstanceReader.ReadFile(result.GetValue(instance)!);
            return reading.Settings is { } settings
                ? DemoNode.Run(
                    settings,
                    result.GetValue(peer),
                    result.GetValue(talkers),
                    result.GetValue(seconds),
                    result.GetValue(relay)
                )
                : ProblemReport.Write(reading.Problems, Console.Error);
        });
        return command;
    }
}
