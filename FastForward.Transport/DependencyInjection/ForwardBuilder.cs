using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace FastForward.Transport.DependencyInjection;

/// <summary>Configures the node of a container. Every method returns the builder itself.</summary>
public sealed class ForwardBuilder
{
    private readonly ForwardSetup _setup;

    internal ForwardBuilder(IServiceCollection services, ForwardSetup setup)
    {
        Services = services;
        _setup = setup;
    }

    /// <summary>The container's services.</summary>
    public IServiceCollection Services { get; }

    /// <summary>
    /// Adds the handler of the node's events: a singleton, created when the host starts. Its constructor may ask for
    /// the <see cref="ForwardNode"/>. A node has either one handler or actors.
    /// </summary>
    public ForwardBuilder AddHandler<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] THandler
    >()
        where THandler : class, IForwardHandler
    {
        Services.TryAddSingleton<THandler>();
        _setup.Handlers.Add(static provider => provider.GetRequiredService<THandler>());
        return this;
    }

    /// <summary>
    /// Adds an actor: a singleton, created when the host starts. Actors start in the order in which they were added.
    /// </summary>
    /// <param name="services">
    /// The services whose messages it receives; <see cref="ServiceId.Reply"/> where it sends the requests.
    /// </param>
    public ForwardBuilder AddActor<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicConstructors)] TActor
    >(params ServiceId[] services)
        where TActor : class, IActor
    {
        ArgumentNullException.ThrowIfNull(services);
        Services.TryAddSingleton<TActor>();
        _setup.Actors.Add(new ActorEntry(static provider => provider.GetRequiredService<TActor>(), services));
        return this;
    }

    /// <summary>
    /// Adds an actor that a function creates when the host starts: for several actors of one type, or an actor with its
    /// own arguments. The container disposes it.
    /// </summary>
    /// <param name="create">Creates the actor; called once. An exception fails the start of the host.</param>
    /// <param name="services">
    /// The services whose messages it receives; <see cref="ServiceId.Reply"/> where it sends the requests.
    /// </param>
    public ForwardBuilder AddActor(Func<IServiceProvider, IActor> create, params ServiceId[] services)
    {
        ArgumentNullException.ThrowIfNull(create);
        ArgumentNullException.ThrowIfNull(services);
        object key = new();
        Services.AddKeyedSingleton<IActor>(key, (provider, _) => create(provider));
        _setup.Actors.Add(new ActorEntry(provider => provider.GetRequiredKeyedService<IActor>(key), services));
        return this;
    }

    /// <summary>Adds UNIX sockets, for processes on the same machine.</summary>
    /// <param name="configure">Sets the options; <see cref="SocketTransportOptions.Port"/> has no default.</param>
    public ForwardBuilder AddSocketTransport(Action<SocketTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(configure);
        return AddSocketTransport();
    }

    /// <summary>Adds UNIX sockets with the options of a section.</summary>
    internal ForwardBuilder AddSocketTransport(IConfiguration section)
    {
        Bind<SocketTransportOptions>(section, ConfigurationReaders.Socket);
        return AddSocketTransport();
    }

    /// <summary>Adds UDP, for other machines.</summary>
    /// <param name="configure">
    /// Sets the options; the routes of peers name <see cref="IpTransportOptions.Port"/>.
    /// </param>
    public ForwardBuilder AddIpTransport(Action<IpTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(configure);
        return AddIpTransport();
    }

    /// <summary>Adds UDP with the options of a section.</summary>
    internal ForwardBuilder AddIpTransport(IConfiguration section)
    {
        Bind<IpTransportOptions>(section, ConfigurationReaders.Ip);
        return AddIpTransport();
    }

    /// <summary>Adds vSockets, for virtual machines and their host.</summary>
    /// <param name="configure">Sets the options; <see cref="VSocketTransportOptions.Port"/> has no default.</param>
    public ForwardBuilder AddVSocketTransport(Action<VSocketTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(configure);
        return AddVSocketTransport();
    }

    /// <summary>Adds vSockets with the options of a section.</summary>
    internal ForwardBuilder AddVSocketTransport(IConfiguration section)
    {
        Bind<VSocketTransportOptions>(section, ConfigurationReaders.VSocket);
        return AddVSocketTransport();
    }

    /// <summary>Adds RDMA, for other machines of a data centre.</summary>
    /// <param name="configure">Sets the options; <see cref="RdmaTransportOptions.Port"/> has no default.</param>
    public ForwardBuilder AddRdmaTransport(Action<RdmaTransportOptions> configure)
    {
        ArgumentNullException.ThrowIfNull(configure);
        Services.Configure(configure);
        return AddRdmaTransport();
    }

    /// <summary>Adds RDMA with the options of a section.</summary>
    internal ForwardBuilder AddRdmaTransport(IConfiguration section)
    {
        Bind<RdmaTransportOptions>(section, ConfigurationReaders.Rdma);
        return AddRdmaTransport();
    }

    /// <summary>Adds another transport. The node owns it.</summary>
    /// <param name="kind">Its kind; a node has at most one of each.</param>
    /// <param name="create">Creates it, once.</param>
    public ForwardBuilder AddTransport(TransportKind kind, Func<IServiceProvider, IForwardTransport> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        _setup.Transports[kind] = create;
        return this;
    }

    /// <summary>Adds a route to a node, with the fields of a registry row.</summary>
    /// <param name="node">The node it leads to.</param>
    /// <param name="transport">The medium.</param>
    /// <param name="address">
    /// The address in the form of the medium; empty for <see cref="TransportKind.Socket"/>.
    /// </param>
    /// <param name="port">The node's port, 1..65535.</param>
    /// <param name="keyId">The key that this route requires; 0 for none.</param>
    public ForwardBuilder AddRoute(uint node, TransportKind transport, int port, string address = "", uint keyId = 0)
    {
        _setup.Routes.Add(new RouteRow(node, keyId, transport, address, port));
        return this;
    }

    /// <summary>
    /// Adds the routes of a section, a list of <c>{ Node, Transport, Address, Port, Key }</c>, and applies
    /// changes of the section. A transport is written as in a registry, with or without <c>FORWARD_TRANSPORT_</c>.
    /// </summary>
    internal ForwardBuilder AddRoutes(IConfiguration section)
    {
        ArgumentNullException.ThrowIfNull(section);
        _setup.RouteSections.Add(section);
        return this;
    }

    /// <summary>Adds a source of routes, such as a registry. The node does not own it.</summary>
    public ForwardBuilder AddRouteSource(Func<IServiceProvider, IRouteSource> create)
    {
        ArgumentNullException.ThrowIfNull(create);
        _setup.RouteSources.Add(provider => [create(provider)]);
        return this;
    }

    /// <summary>
    /// Adds the rows of a Tarantool registry, and applies changes of them at run time. May be called several times, for
    /// example for the overrides of this machine and for the nodes of all; among registries of one table those added
    /// first have precedence. The container disposes the <see cref="TarantoolRegistry"/>, which is registered by its
    /// name (<c>GetRequiredKeyedService</c>) and without.
    /// </summary>
    /// <param name="configure">
    /// Sets the options; <see cref="TarantoolRegistryOptions.Servers"/> has no default, and
    /// <see cref="TarantoolRegistryOptions.OwnNode"/> is the node's id.
    /// </param>
    /// <param name="name">The name of the registry, different for each.</param>
    public ForwardBuilder AddTarantoolRoutes(Action<TarantoolRegistryOptions> configure, string name = "registry")
    {
        ArgumentNullException.ThrowIfNull(configure);
        ArgumentException.ThrowIfNullOrWhiteSpace(name);
        if (!_setup.Registries.Add(name))
            throw new ArgumentException($"There is a registry {name} already: give each another name.", nameof(name));
        Services.AddOptions<TarantoolRegistryOptions>(name).Configure(configure).ValidateOnStart();
        Services.TryAddEnumerable(
            ServiceDescriptor.Singleton<
                IValidateOptions<TarantoolRegistryOptions>,
                OptionsCheck<TarantoolRegistryOptions>
            >(static _ => new OptionsCheck<TarantoolRegistryOptions>(static options => options.FindProblems()))
        );
        Services.AddKeyedSingleton(name, (provider, _) => ForwardSetup.CreateRegistry(provider, name));
        Services.AddSingleton(provider => provider.GetRequiredKeyedService<TarantoolRegistry>(name));
        _setup.RouteSources.Add(provider => provider.GetRequiredKeyedService<TarantoolRegistry>(name).Sources);
        return this;
    }

    /// <summary>Sets options of the loop.</summary>
    public ForwardBuilder ConfigureLoop(Action<ForwardLoopOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    /// <summary>Sets options of the <see cref="ForwardClient"/>, where it is the handler or an actor.</summary>
    public ForwardBuilder ConfigureClient(Action<ForwardClientOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    /// <summary>Sets options of the hosted service.</summary>
    public ForwardBuilder ConfigureService(Action<ForwardServiceOptions> configure)
    {
        Services.Configure(configure);
        return this;
    }

    internal void Bind<TOptions>(IConfiguration section, Action<ConfigurationSectionReader, TOptions> read)
        where TOptions : class, new()
    {
        ArgumentNullException.ThrowIfNull(section);
        ConfigurationBinding<TOptions> binding = new(section, read);
        Services.AddSingleton<IConfigureOptions<TOptions>>(binding);
        Services.AddSingleton<IValidateOptions<TOptions>>(binding);
    }

    private ForwardBuilder AddSocketTransport()
    {
        AddCheck<SocketTransportOptions>(TransportKind.Socket, static options => options.FindProblems());
        return AddTransport(
            TransportKind.Socket,
            static provider => new SocketTransport(
                provider.GetRequiredService<IOptions<SocketTransportOptions>>().Value,
                provider.GetService<ILogger<SocketTransport>>()
            )
        );
    }

    private ForwardBuilder AddIpTransport()
    {
        AddCheck<IpTransportOptions>(TransportKind.Ip, static options => options.FindProblems());
        return AddTransport(
            TransportKind.Ip,
            static provider => new IpTransport(
                provider.GetRequiredService<IOptions<IpTransportOptions>>().Value,
                provider.GetService<ILogger<IpTransport>>()
            )
        );
    }

    private ForwardBuilder AddVSocketTransport()
    {
        AddCheck<VSocketTransportOptions>(TransportKind.VSocket, static options => options.FindProblems());
        return AddTransport(
            TransportKind.VSocket,
            static provider => new VSocketTransport(
                provider.GetRequiredService<IOptions<VSocketTransportOptions>>().Value,
                provider.GetService<ILogger<VSocketTransport>>()
            )
        );
    }

    private ForwardBuilder AddRdmaTransport()
    {
        AddCheck<RdmaTransportOptions>(TransportKind.Rdma, static options => options.FindProblems());
        return AddTransport(
            TransportKind.Rdma,
            static provider => new RdmaTransport(
                provider.GetRequiredService<IOptions<RdmaTransportOptions>>().Value,
                provider.GetService<ILogger<RdmaTransport>>()
            )
        );
    }

    private void AddCheck<
        [DynamicallyAccessedMembers(DynamicallyAccessedMemberTypes.PublicParameterlessConstructor)] TOptions
    >(TransportKind kind, Func<TOptions, IEnumerable<string>> findProblems)
        where TOptions : class
    {
        if (_setup.Transports.ContainsKey(kind))
            return;
        Services.AddOptions<TOptions>().ValidateOnStart();
        Services.AddSingleton<IValidateOptions<TOptions>>(new OptionsCheck<TOptions>(findProblems));
    }
}
