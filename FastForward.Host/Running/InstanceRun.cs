using System.Net.Sockets;
using FastForward.Host.Actors;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace FastForward.Host.Running;

/// <summary>Runs an instance with its bridges and outlets until a signal ends it.</summary>
internal sealed partial class InstanceRun
{
    /// <param name="settings">What the instance file says.</param>
    /// <param name="keys">The keys of the node, which this disposes of.</param>
    /// <param name="read">Reads both again.</param>
    /// <returns>The exit code.</returns>
    public static int Run(InstanceSettings settings, IReadOnlyList<ForwardKey> keys, Func<InstanceReading> read)
    {
        HostApplicationBuilder builder = InstanceServices.CreateBuilder<StopSignals>(settings);
        builder.Services.AddSingleton(read);
        builder.Services.AddSingleton(new InstanceKeys(keys));
        builder.Services.AddSingleton<ServiceManager>();
        builder.Services.AddSingleton<InstanceReload>();

        // The first that is made: the node, which the control socket needs, opens its actors and their ports.
        builder.Services.AddSingleton<InstanceIdentity>();
        builder.Services.AddHostedService(static provider =>
        {
            InstanceIdentity identity = provider.GetRequiredService<InstanceIdentity>();
            return ActivatorUtilities.CreateInstance<ControlSocket>(provider, identity);
        });
        builder.Services.AddSingleton<ServiceMetrics>();
        ForwardBuilder node = builder.Services.AddInstance(settings, keys);
        BridgePlaces places = new(settings.Bridges.Select(static bridge => bridge.Listen));
        foreach (BridgeSettings bridge in settings.Bridges)
            node.AddActor(
                provider => MetricsOf(provider).Add(Open(bridge, LoggerOf<BridgeActor>(provider), places)),
                ReplyTo(bridge)
            );
        foreach (OutletSettings outlet in settings.Outlets)
            node.AddActor(
                provider => MetricsOf(provider).Add(Open(outlet, settings, LoggerOf<OutletActor>(provider))),
                new ServiceId(outlet.Service)
            );
        if (settings.Bridges.Count + settings.Outlets.Count == 0)
            node.AddActor(static _ => new IdleActor());
        using IHost host = builder.Build();
        return RunAsync(host, settings).GetAwaiter().GetResult();
    }

    private static async Task<int> RunAsync(IHost host, InstanceSettings settings)
    {
        ILogger logger = LoggerOf<InstanceRun>(host.Services);
        ServiceManager manager = host.Services.GetRequiredService<ServiceManager>();
        try
        {
            await host.StartAsync().ConfigureAwait(false);
            host.Services.GetRequiredService<InstanceKeys>().Started(host.Services.GetRequiredService<ForwardNode>());
            string transports = Describe(host.Services.GetRequiredService<ForwardNode>());
            LogRunning(logger, settings.Network, settings.File, settings.Port, transports);
            manager.Ready();
            await host.WaitForStopAsync().ConfigureAwait(false);
        }
        catch (Exception exception) when (exception is StartFailure or TransportException)
        {
            LogFailed(logger, settings.Network, exception.Message);
            return ExitCode.Unavailable;
        }
        catch (OperationCanceledException) when (host.IsStopping())
        {
            // A signal came during the start.
        }

        manager.Stopping();
        try
        {
            await host.StopAsync().ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Failure; // the loop hangs, which is logged
        }

        LogStopped(logger, settings.Network);
        return ExitCode.Success;
    }

    private static BridgeActor Open(BridgeSettings bridge, ILogger logger, BridgePlaces places)
    {
        try
        {
            return new BridgeActor(bridge, logger, places);
        }
        catch (SocketException exception)
        {
            throw new StartFailure(
                $"[{bridge.Name}] cannot bind UDP {bridge.Listen}: {exception.Message}. "
                    + BindAdvice(exception.SocketErrorCode),
                exception
            );
        }
    }

    /// <summary>What to do when the address of a bridge cannot be bound.</summary>
    internal static string BindAdvice(SocketError error) =>
        error switch
        {
            SocketError.AddressAlreadyInUse =>
                "Stop the program that uses it (ss -ulpn shows it), or give listen another address or port.",
            SocketError.AddressNotAvailable =>
                "No interface of this machine has the address (ip address shows them): add it, or correct listen.",
            SocketError.AccessDenied =>
                "Ports below net.ipv4.ip_unprivileged_port_start (1024) need CAP_NET_BIND_SERVICE: grant it, or give "
                    + "listen a higher port.",
            _ => "Give listen another address or port.",
        };

    private static OutletActor Open(OutletSettings outlet, InstanceSettings settings, ILogger logger)
    {
        int clients = OpenFiles.ClientsPerOutlet(OpenFiles.Limit, settings);
        if (clients >= outlet.MaxClients)
            return new OutletActor(outlet, logger, settings.Ports);
        LogFewerClients(logger, outlet.Name, clients, outlet.MaxClients, OpenFiles.Limit);
        return new OutletActor(outlet with { MaxClients = clients }, logger, settings.Ports);
    }

    private static ServiceId ReplyTo(BridgeSettings bridge) => new ServiceId(bridge.Service).Reply;

    private static ServiceMetrics MetricsOf(IServiceProvider provider) => provider.GetRequiredService<ServiceMetrics>();

    private static ILogger<T> LoggerOf<T>(IServiceProvider provider) => provider.GetRequiredService<ILogger<T>>();

    private static string Describe(ForwardNode node) =>
        string.Join(
            "; ",
            node.GetTransports()
                .OrderBy(static transport => transport.Kind)
                .Select(static transport => $"{transport.Kind}: {transport.Reason ?? "up"}")
        );

    [LoggerMessage(
        EventId = 8100,
        Level = LogLevel.Information,
        Message = "Node {Node} runs ({File}, port {Port}). {Transports}"
    )]
    private static partial void LogRunning(ILogger logger, uint node, string file, int port, string transports);

    [LoggerMessage(EventId = 8102, Level = LogLevel.Information, Message = "Node {Node} has stopped")]
    private static partial void LogStopped(ILogger logger, uint node);

    [LoggerMessage(EventId = 8103, Level = LogLevel.Critical, Message = "Node {Node} was not started: {Reason}")]
    private static partial void LogFailed(ILogger logger, uint node, string reason);

    [LoggerMessage(
        EventId = 8104,
        Level = LogLevel.Warning,
        Message = "[{Outlet}] has at most {Clients} clients instead of max-clients = {Wanted}: each needs an open "
            + "file, and the limit is {Limit}. Raise it (LimitNOFILE= in a systemd unit)"
    )]
    private static partial void LogFewerClients(ILogger logger, string outlet, int clients, int wanted, int limit);
}
