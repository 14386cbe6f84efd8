using System.Diagnostics.CodeAnalysis;
using System.Net;
using System.Net.Sockets;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Registry;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace FastForward.Host.Running;

/// <summary>An instance file as services of the generic host.</summary>
internal static class InstanceServices
{
    /// <summary>A host with the log of this program and nothing else; the lifetime decides what ends it.</summary>
    public static HostApplicationBuilder CreateBuilder<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TLifetime
    >(InstanceSettings settings)
        where TLifetime : class, IHostLifetime
    {
        HostApplicationBuilder builder = new(
            new HostApplicationBuilderSettings { DisableDefaults = true, ContentRootPath = AppContext.BaseDirectory }
        );
        new HostLogging(settings.LogLevel).Configure(builder.Logging);
        builder.Services.AddSingleton(settings);
        builder.Services.AddSingleton<RunningNode>();
        builder.Services.AddSingleton<IHostLifetime, TLifetime>();
        return builder;
    }

    /// <summary>Adds the node with its transports and routes; actors are the caller's.</summary>
    public static ForwardBuilder AddInstance(
        this IServiceCollection services,
        InstanceSettings settings,
        IReadOnlyList<ForwardKey> keys
    )
    {
        ForwardBuilder builder = services.AddFastForward(options =>
        {
            options.Node = settings.Network;
            options.Keys = keys;
            options.AllowUnkeyedNetwork = settings.AllowUnkeyedNetwork;
            options.RequireKey = settings.RequireKey ?? [];
            options.RequireKeyFromAll = settings.RequireKeyFromAll;
            options.SealLocal = settings.SealLocal;
            options.VSocketFallback = settings.VSocketFallback;
            options.MaxPaths = settings.MaxPaths;
            options.DiscoverLocalPeers = settings.DiscoverLocalPeers;
            options.RealTimeRedundancy = settings.Redundancy;
            options.PathRedundancy = settings.PathRedundancy;
            options.ProbeInterval = TimeSpan.FromMilliseconds(settings.ProbeMillis);
            options.Impairment = settings.Impairment;
            options.MaxStreams = Math.Max(options.MaxStreams, StreamsNeeded(settings));
        });
        builder.ConfigureService(options => options.PeerMetrics = settings.PeerMetrics);
        builder.ConfigureLoop(options => options.Idle = settings.Idle);
        foreach (TransportKind kind in settings.Transports)
            AddTransport(builder, kind, settings);
        foreach (RegistrySettings registry in settings.Registries)
            builder.AddTarantoolRoutes(registry.CopyTo, registry.Name);
        InstanceRoutes routes = new(settings);
        services.AddSingleton(routes);
        foreach (IRouteSource source in routes.Sources)
            builder.AddRouteSource(_ => source);
        return builder;
    }

    private static void AddTransport(ForwardBuilder builder, TransportKind kind, InstanceSettings settings)
    {
        switch (kind)
        {
            case TransportKind.Ip:
                builder.AddIpTransport(options =>
                {
                    options.Port = settings.Port;
                    options.MarkRealTime = settings.MarkRealTime;
                    options.SegmentationOffload = settings.SegmentationOffload;
                    if (settings.Addresses.Count > 0)
                        options.Addresses =
                        [
                            .. settings.Addresses.Select(static address => Resolve(address, "UDP", "addresses")),
                        ];
                });
                break;
            case TransportKind.Socket:
                builder.AddSocketTransport(options =>
                {
                    options.Port = settings.Port;
                    options.Directory = settings.SocketDirectory;
                    options.Mode = settings.SocketMode ?? options.Mode;
                    options.Group = settings.SocketGroup;
                    options.SharedMemoryLimit = (long)settings.SharedMemory << 20;
                    options.AllowedUserIds = settings.AllowedUsers;
                    options.NodeUserIds = settings.NodeUsers;
                });
                break;
            case TransportKind.VSocket:
                builder.AddVSocketTransport(options =>
                {
                    options.Port = settings.Port;
                    options.Type = settings.VSocketType;
                    options.ToHost = settings.VSocketToHost;
                });
                break;
            case TransportKind.Rdma:
                builder.AddRdmaTransport(options =>
                {
                    options.Port = settings.Port;
                    options.MaxLinks = settings.RdmaLinks;
                    options.Credits = settings.RdmaCredits;
                    if (settings.RdmaAddresses.Count > 0)
                        options.Addresses =
                        [
                            .. settings.RdmaAddresses.Select(static address =>
                                Resolve(address, "RDMA", "rdma-addresses")
                            ),
                        ];
                });
                break;
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such transport.");
        }
    }

    private static IPAddress Resolve(ZonedAddress address, string medium, string key)
    {
        try
        {
            return address.Resolve();
        }
        catch (SocketException exception)
        {
            throw new StartFailure(
                $"cannot bind {medium} {address}: {exception.Message}. Create it before the start, or give "
                    + $"{key} other ones.",
                exception
            );
        }
    }

    /// <summary>
    /// Each client of a bridge or an outlet has a stream; a quarter more leaves room for those that end.
    /// </summary>
    private static int StreamsNeeded(InstanceSettings settings)
    {
        int clients =
            settings.Bridges.Sum(static bridge => bridge.MaxClients)
            + settings.Outlets.Sum(static outlet => outlet.MaxClients);
        return Math.Min(clients + (clients / 4), 1 << 20);
    }
}
