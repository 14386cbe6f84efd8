using System.Text.Json;
using FastForward.Host.Control;
using FastForward.Host.Demo.Chaos;
using FastForward.Host.Instances;
using FastForward.Host.Running;
using FastForward.Transport;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FastForward.Host.Demo;

/// <summary>
/// One node process of the demo. It talks to the process that started it in lines: "connected", "progress S D", "done"
/// and "result {json}" on its output, "stop" on its input, and those of <see cref="ChaosActor"/>. When the input ends
/// without "stop", the parent has ended and the child ends as well.
/// </summary>
internal static class DemoNode
{
    /// <param name="settings">The node.</param>
    /// <param name="peer">The other node.</param>
    /// <param name="talkers">How many calls there are at once.</param>
    /// <param name="seconds">How long the calls go on.</param>
    /// <param name="relay">The port of the relay to the other node; null where paths are not killed.</param>
    /// <returns>The exit code.</returns>
    public static int Run(InstanceSettings settings, uint peer, int talkers, int seconds, int? relay)
    {
        DeliveryWatch watch = new();
        TrafficActor traffic = new(peer, talkers, seconds, watch, Console.Out.WriteLine);
        EchoActor echo = new(watch);
        HostApplicationBuilder builder = InstanceServices.CreateBuilder<ParentLifetime>(settings);
        ForwardBuilder node = builder.Services.AddInstance(settings, []);
        // On a slow machine the processes are late, not the network: only an impaired one shows what is lost in time.
        if (settings.Impairment is null && relay is null)
            builder.Services.Configure<ForwardNodeOptions>(options => options.RealTimeBudget = TimeSpan.FromSeconds(5));
        node.AddActor(_ => traffic, new ServiceId(TrafficActor.Service).Reply);
        node.AddActor(_ => echo, TrafficActor.Service);
        ChaosActor? chaos = relay is { } port ? ChaosActor.Add(node, settings, peer, port, watch) : null;
        ForwardNode forwardNode;
        try
        {
            using IHost host = builder.Build();
            ParentLifetime parent = (ParentLifetime)host.Services.GetRequiredService<IHostLifetime>();
            parent.OnCommand = chaos is null ? null : chaos.OnCommand;
            forwardNode = host.Services.GetRequiredService<ForwardNode>();
            host.Run();
            if (parent.IsParentGone)
                return ExitCode.Failure; // without a result, which it would not read
        }
        catch (TransportException exception)
        {
            Console.Error.WriteLine(exception.Message);
            return ExitCode.Unavailable;
        }

        Console.Out.WriteLine(
            "result " + JsonSerializer.Serialize(Report(traffic, echo, forwardNode), DemoJson.Default.DemoNodeReport)
        );
        return ExitCode.Success;
    }

    private static DemoNodeReport Report(TrafficActor traffic, EchoActor echo, ForwardNode node) =>
        new(
            traffic.Sent,
            traffic.Refused,
            traffic.Tally.Delivered,
            traffic.Tally.Duplicated + echo.Tally.Duplicated,
            traffic.Tally.Reordered + echo.Tally.Reordered,
            traffic.Tally.Damaged + echo.Tally.Damaged,
            echo.Refused,
            Of(MessageClass.RealTime, traffic, echo),
            Of(MessageClass.Reliable, traffic, echo),
            node.Statistics.LateMessages,
            node.Statistics.RepeatedMessages,
            node.Statistics.CopiedMessages,
            node.Impairment is { } impairment ? ReportMaker.Report(impairment) : null
        );

    private static DemoNodeClass Of(MessageClass messageClass, TrafficActor traffic, EchoActor echo) =>
        new(
            traffic.Counts.Accepted(messageClass) + echo.Counts.Accepted(messageClass),
            traffic.Counts.Delivered(messageClass) + echo.Counts.Delivered(messageClass),
            [
                .. traffic
                    .RoundTripsOf(messageClass)
                    .RecordedValues()
                    .Select(static value => new[] { value.ValueIteratedTo, value.CountAddedInThisIterationStep }),
            ]
        );
}
