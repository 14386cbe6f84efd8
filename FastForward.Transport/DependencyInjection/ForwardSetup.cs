using FastForward.Transport.Actors;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>
/// The settings that a <see cref="ForwardBuilder"/> collected for a node, and the factories of its parts.
/// </summary>
internal sealed class ForwardSetup
{
    public List<Func<IServiceProvider, IForwardHandler>> Handlers { get; } = [];

    public List<ActorEntry> Actors { get; } = [];

    public Dictionary<TransportKind, Func<IServiceProvider, IForwardTransport>> Transports { get; } = [];

    public List<RouteRow> Routes { get; } = [];

    public List<IConfiguration> RouteSections { get; } = [];

    public List<Func<IServiceProvider, IEnumerable<IRouteSource>>> RouteSources { get; } = [];

    /// <summary>The names of the registries.</summary>
    public HashSet<string> Registries { get; } = [];

    public static ForwardLoop CreateLoop(IServiceProvider provider)
    {
        // A host creates its services before it validates all options. Without this call the first service that
        // resolves the loop or the node would fail with only the first problem.
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
        sources.AddRange(setup.RouteSources.SelectMany(create => create(provider)));
        OverrideResolver routes = new(
            sources,
            setup.OptionsOfRoutes(provider, provider.GetRequiredService<IOptions<ForwardNodeOptions>>().Value),
            provider.GetService<ILogger<OverrideResolver>>()
        );

        // Not before the rows of their caches were read: a bad row leaves the one before it in use.
        foreach (TarantoolRegistry registry in provider.GetServices<TarantoolRegistry>())
            registry.Start();
        return routes;
    }

    /// <summary>Creates a registry, which <see cref="CreateRoutes"/> starts.</summary>
    public static TarantoolRegistry CreateRegistry(IServiceProvider provider, string name)
    {
        TarantoolRegistryOptions options = provider
            .GetRequiredService<IOptionsMonitor<TarantoolRegistryOptions>>()
            .Get(name)
            .Copy();
        options.Name = name;
        options.LoggerFactory ??= provider.GetService<ILoggerFactory>();
        if (options.OwnNode == 0)
            options.OwnNode = provider.GetRequiredService<IOptions<ForwardNodeOptions>>().Value.Node;
        TarantoolRegistry registry = new(options);
        provider.GetRequiredService<ForwardMetrics>().Add(registry);
        return registry;
    }

    public static ActorSystem CreateActors(IServiceProvider provider) => new(provider.GetService<ILoggerFactory>());

    public static ForwardClient CreateClient(IServiceProvider provider) =>
        new(
            provider.GetRequiredService<IOptions<ForwardClientOptions>>().Value,
            provider.GetService<ILogger<ForwardClient>>()
        );

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

    /// <summary>
    /// Creates the handler or the actors. <see cref="SetupCheck"/> ensures that exactly one of the two is configured.
    /// </summary>
    public IForwardHandler CreateHandler(IServiceProvider provider)
    {
        if (Actors.Count == 0)
            return Handlers[0](provider);
        ActorSystem actors = provider.GetRequiredService<ActorSystem>();
        foreach (ActorEntry entry in Actors)
            actors.Add(entry.Create(provider), entry.Services);
        return actors;
    }

    /// <summary>The options of the routes, derived from those of the node and its socket transport.</summary>
    public RouteOptions OptionsOfRoutes(IServiceProvider provider, ForwardNodeOptions node)
    {
        RouteOptions options = new() { AllowUnkeyedNetwork = node.AllowUnkeyedNetwork };
        if (Transports.ContainsKey(TransportKind.Socket))
            options.SocketDirectory = provider.GetRequiredService<IOptions<SocketTransportOptions>>().Value.Directory;
        return options;
    }
}
