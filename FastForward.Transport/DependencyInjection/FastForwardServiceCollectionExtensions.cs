using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Options;

namespace Microsoft.Extensions.DependencyInjection;

/// <summary>Adds a FastForward node to a program.</summary>
public static class FastForwardServiceCollectionExtensions
{
    /// <summary>
    /// Adds a <see cref="ForwardNode"/> with its <see cref="ForwardLoop"/> on a dedicated thread; a hosted service
    /// starts and stops them. A container has one node: a second call configures the same node.
    /// </summary>
    /// <remarks>
    /// <para>Add transports, routes and a handler, or actors, with the builder. All options are checked when the host
    /// starts; the exception lists every problem.</para>
    /// <para>Registered services: <see cref="ForwardNode"/> and <see cref="ForwardLoop"/> (confined to the loop
    /// thread: use <see cref="ForwardLoop.Post"/>), <see cref="OverrideResolver"/>, <see cref="ForwardMetrics"/>,
    /// <see cref="ActorSystem"/>, and <see cref="ForwardClient"/> where it is the handler or an actor.</para>
    /// </remarks>
    /// <param name="services">The container's services.</param>
    /// <param name="configure">
    /// Sets the node's options; the id, <see cref="ForwardNodeOptions.Node"/>, has no default.
    /// </param>
    public static ForwardBuilder AddFastForward(
        this IServiceCollection services,
        Action<ForwardNodeOptions>? configure = null
    )
    {
        ArgumentNullException.ThrowIfNull(services);
        ForwardBuilder builder = new(services, SetupOf(services));
        if (configure is not null)
            services.Configure(configure);
        return builder;
    }

    /// <summary>
    /// Adds a node with options from a section of the configuration: those of the node, and the sections <c>Loop</c>,
    /// <c>Service</c>, <c>Client</c>, <c>Ip</c>, <c>Socket</c>, <c>VSocket</c>, <c>Rdma</c> and <c>Routes</c>. A
    /// transport with a section is added. Changes of the routes are applied at run time; everything else is read
    /// once, at the start.
    /// </summary>
    /// <param name="services">The container's services.</param>
    /// <param name="section">
    /// The section. Keys are the names of the options' properties; an unknown key is a problem.
    /// </param>
    public static ForwardBuilder AddFastForward(this IServiceCollection services, IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        ForwardBuilder builder = services.AddFastForward();
        builder.Bind<ForwardNodeOptions>(section, ConfigurationReaders.Node);
        builder.Bind<ForwardLoopOptions>(section.GetSection("Loop"), ConfigurationReaders.Loop);
        builder.Bind<ForwardServiceOptions>(section.GetSection("Service"), ConfigurationReaders.Service);
        builder.Bind<ForwardClientOptions>(section.GetSection("Client"), ConfigurationReaders.Client);
        if (section.GetSection("Ip") is { } ip && ip.Exists())
            builder.AddIpTransport(ip);
        if (section.GetSection("Socket") is { } socket && socket.Exists())
            builder.AddSocketTransport(socket);
        if (section.GetSection("VSocket") is { } vsocket && vsocket.Exists())
            builder.AddVSocketTransport(vsocket);
        if (section.GetSection("Rdma") is { } rdma && rdma.Exists())
            builder.AddRdmaTransport(rdma);
        builder.AddRoutes(section.GetSection("Routes"));
        return builder;
    }

    private static ForwardSetup SetupOf(IServiceCollection services)
    {
        if (
            services
                .FirstOrDefault(static service => service.ServiceType == typeof(ForwardSetup))
                ?.ImplementationInstance
            is ForwardSetup known
        )
            return known;
        ForwardSetup setup = new();
        services.AddSingleton(setup);
        services.AddOptions<ForwardNodeOptions>().ValidateOnStart();
        services.AddOptions<ForwardLoopOptions>().ValidateOnStart();
        services.AddOptions<ForwardServiceOptions>().ValidateOnStart();
        services.AddOptions<ForwardClientOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<ForwardNodeOptions>>(
            new OptionsCheck<ForwardNodeOptions>(static options => options.FindProblems())
        );
        services.AddSingleton<IValidateOptions<ForwardNodeOptions>, SetupCheck>();
        services.AddSingleton<IValidateOptions<ForwardLoopOptions>>(
            new OptionsCheck<ForwardLoopOptions>(static options => options.FindProblems())
        );
        services.AddSingleton<IValidateOptions<ForwardServiceOptions>>(
            new OptionsCheck<ForwardServiceOptions>(static options => options.FindProblems())
        );
        services.AddSingleton<IValidateOptions<ForwardClientOptions>>(
            new OptionsCheck<ForwardClientOptions>(static options => options.FindProblems())
        );
        services.TryAddSingleton(static provider => new ForwardMetrics(
            provider.GetService<System.Diagnostics.Metrics.IMeterFactory>(),
            provider.GetRequiredService<IOptions<ForwardServiceOptions>>().Value.PeerMetrics
        ));
        services.TryAddSingleton(ForwardSetup.CreateLoop);
        services.TryAddSingleton(ForwardSetup.CreateRoutes);
        services.TryAddSingleton(ForwardSetup.CreateActors);
        services.TryAddSingleton(ForwardSetup.CreateNode);
        services.TryAddSingleton(ForwardSetup.CreateClient);
        services.AddSingleton<IHostedService, ForwardService>();
        return setup;
    }
}
