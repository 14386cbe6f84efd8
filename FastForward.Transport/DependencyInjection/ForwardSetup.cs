using FastForward.Transport.Actors;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>What the builder was told of a node, and how its parts are made from that.</summary>
internal sealed class ForwardSetup
{
    public List<Func<IServiceProvider, IForwardHandler>> Handlers { get; } = [];

    public List<ActorEntry> Actors { get; } = [];

    public Dictionary<TransportKind, Func<IServiceProvider, IForwardTransport>> Transports { get; } = [];

    public List<RouteRow> Routes { get; } = [];

    public List<IConfiguration> RouteSections { get; } = [];

    public List<Func<IServiceProvider, IRouteSource>> RouteSources { get; } = [];

    public static ForwardLoop CreateLoop(IServiceProvider provider)
    {
        // A host makes its services before it checks the options of all of them. Whoever asks for the loop or the node first
        // would meet the first wrong option alone; like this it is all of them.
        provider.GetService<IStartupValidator>()?.Validate();
        return new ForwardLoop(
            provider.GetRequiredService<IOptions<ForwardLoopOptions>>().Value,
            provider.GetService<TimeProvider>(),
            provider.GetService<ILogger<ForwardLoop>>()
        );
    }

    public static OverrideResolver CreateRoutes(IServiceProvider provider)
    {
        provider.GetService<IStartupValidator>()?.Validate();
        ForwardSetup setup = provider.GetRequiredService<ForwardSetup>();
        List<IRouteSource> sources = [new StaticRouteSource(setup.Routes)];
        sources.AddRange(
            setup.RouteSections.Select(section => new ConfigurationRouteSource(
                section,
                provider.GetService<ILogger<ConfigurationRouteSource>>()
            ))
        );
        sources.AddRange(setup.RouteSources.Select(create => create(provider)));
        return new OverrideResolver(
            sources,
            setup.OptionsOfRoutes(provider, provider.GetRequiredService<IOptions<ForwardNodeOptions>>().Value),
            provider.GetService<ILogger<OverrideResolver>>()
        );
    }

    public static ActorSystem CreateActors(IServiceProvider provider) => new(provider.GetService<ILoggerFactory>());

    public static ForwardNode CreateNode(IServiceProvider provider)
    {
        ForwardSetup setup = provider.GetRequiredService<ForwardSetup>();
        ForwardNode node = new(
            provider.GetRequiredService<ForwardLoop>(),
            provider.GetRequiredService<IOptions<ForwardNodeOptions>>().Value,
            setup.Transports.OrderBy(static pair => pair.Key).Select(pair => pair.Value(provider)).ToArray(),
            provider.GetRequiredService<OverrideResolver>(),
            provider.GetService<ILogger<ForwardNode>>()
        );
        provider.GetRequiredService<ForwardMetrics>().Add(node);
        return node;
    }

    /// <summary>Said once for the node and its transports, it holds for the routes as well.</summary>
    public RouteOptions OptionsOfRoutes(IServiceProvider provider, ForwardNodeOptions node)
    {
        RouteOptions options = new() { AllowUnkeyedIp = node.AllowUnkeyedIp };
        if (Transports.ContainsKey(TransportKind.Socket))
            options.SocketDirectory = provider.GetRequiredService<IOptions<SocketTransportOptions>>().Value.Directory;
        return options;
    }
}
