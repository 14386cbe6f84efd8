using System.Net.Sockets;
using FastForward.Host.Actors;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Transport;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>Runs an instance with its bridges and outlets until a signal ends it.</summary>
internal sealed partial class InstanceRun
{
    /// <returns>The exit code.</returns>
    public static int Run(InstanceSettings settings, ILoggerFactory loggers)
    {
        ILogger logger = loggers.CreateLogger<InstanceRun>();
        List<IDisposable> actors = [];
        try
        {
            using RunningNode node = new(settings, loggers);
            foreach (BridgeSettings bridge in settings.Bridges)
            {
                BridgeActor actor = Open(bridge, loggers.CreateLogger<BridgeActor>());
                actors.Add(actor);
                node.Actors.Add(actor, actor.AnswerService);
            }

            foreach (OutletSettings outlet in settings.Outlets)
            {
                OutletActor actor = new(outlet, loggers.CreateLogger<OutletActor>());
                actors.Add(actor);
                node.Actors.Add(actor, actor.Service);
            }

            // Before the start: a signal during it must not leave a socket file behind.
            using StopSignals signals = new(node.Stop, signal => LogSignal(logger, signal));
            using ControlSocket control = ControlSocket.Open(node, loggers.CreateLogger<ControlSocket>());
            node.Start();
            string transports = Describe(node.Node);
            LogRunning(logger, settings.Network, settings.File, settings.Port, transports);
            node.Run();
            LogStopped(logger, settings.Network);
            return ExitCode.Success;
        }
        catch (StartFailure failure)
        {
            LogFailed(logger, settings.Network, failure.Message);
            return ExitCode.Unavailable;
        }
        finally
        {
            foreach (IDisposable actor in actors)
                actor.Dispose();
        }
    }

    private static BridgeActor Open(BridgeSettings bridge, ILogger logger)
    {
        try
        {
            return new BridgeActor(bridge, logger);
        }
        catch (SocketException exception)
        {
            throw new StartFailure(
                $"[{bridge.Name}] cannot take UDP {bridge.Listen}: {exception.Message}. Stop the program that has it (ss -ulpn shows it), or give listen another address or port.",
                exception
            );
        }
    }

    private static string Describe(ForwardNode node) =>
        string.Join(
            "; ",
            node.Transports.OrderBy(static pair => pair.Key)
                .Select(static pair => $"{pair.Key}: {pair.Value.Reason ?? "up"}")
        );

    [LoggerMessage(
        EventId = 8100,
        Level = LogLevel.Information,
        Message = "Node {Node} runs ({File}, port {Port}). {Transports}"
    )]
    private static partial void LogRunning(ILogger logger, uint node, string file, int port, string transports);

    [LoggerMessage(EventId = 8101, Level = LogLevel.Information, Message = "{Signal}: stopping")]
    private static partial void LogSignal(ILogger logger, string signal);

    [LoggerMessage(EventId = 8102, Level = LogLevel.Information, Message = "Node {Node} has stopped")]
    private static partial void LogStopped(ILogger logger, uint node);

    [LoggerMessage(EventId = 8103, Level = LogLevel.Critical, Message = "Node {Node} was not started: {Reason}")]
    private static partial void LogFailed(ILogger logger, uint node, string reason);
}
