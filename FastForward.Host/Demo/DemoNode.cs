using System.Text.Json;
using FastForward.Host.Instances;
using FastForward.Host.Running;
using FastForward.Transport;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Demo;

/// <summary>
/// One node process of the demo. It talks to the process that started it in lines: "connected", "progress S D", "done" and
/// "result {json}" on its output, "stop" on its input. When the input ends without "stop", the parent is dead and so is
/// the child.
/// </summary>
internal static class DemoNode
{
    /// <returns>The exit code.</returns>
    public static int Run(InstanceSettings settings, uint peer, int talkers, bool withData, int seconds)
    {
        using ILoggerFactory loggers = HostLogging.Create(settings.LogLevel);
        try
        {
            using RunningNode node = new(settings, loggers);
            TrafficActor traffic = new(peer, talkers, withData, seconds, Console.Out.WriteLine);
            EchoActor echo = new();
            node.Actors.Add(traffic, new ServiceId(TrafficActor.Service).Reply);
            node.Actors.Add(echo, TrafficActor.Service);
            node.Start();
            Thread input = new(() => FollowParent(node)) { IsBackground = true, Name = "parent" };
            input.Start();
            node.Run();
            Console.Out.WriteLine(
                "result " + JsonSerializer.Serialize(Report(traffic, echo), DemoJson.Default.DemoNodeReport)
            );
            return ExitCode.Success;
        }
        catch (StartFailure failure)
        {
            Console.Error.WriteLine(failure.Message);
            return ExitCode.Unavailable;
        }
    }

    private static void FollowParent(RunningNode node)
    {
        while (Console.In.ReadLine() is { } line)
        {
            if (line == "stop")
                node.Stop();
        }

        Environment.Exit(ExitCode.Failure);
    }

    private static DemoNodeReport Report(TrafficActor traffic, EchoActor echo) =>
        new(
            traffic.Sent,
            traffic.Refused,
            traffic.Tally.Delivered,
            traffic.Tally.Duplicated + echo.Tally.Duplicated,
            traffic.Tally.Reordered + echo.Tally.Reordered,
            traffic.Tally.Damaged + echo.Tally.Damaged,
            echo.Refused,
            [
                .. traffic
                    .RoundTrips.RecordedValues()
                    .Select(static value => new[] { value.ValueIteratedTo, value.CountAddedInThisIterationStep }),
            ]
        );
}
