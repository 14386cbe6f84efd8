using FastForward.Transport.Actors;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Hosting;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Rdma;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport;

/// <summary>
/// What <see cref="ForwardHost.StartAsync"/> runs: a node with its transports and routes, and either a
/// <see cref="Handler"/> or actors. Read once, at start, and used for one host; not thread-safe.
/// </summary>
public sealed class ForwardHostOptions
{
    private readonly List<(IActor Actor, ServiceId[] Services)> _actors = [];
    private int _isUsed;

    /// <summary>Creates options for a node.</summary>
    /// <param name="node">The id of the node, not 0; unique in the network.</param>
    public ForwardHostOptions(uint node) => Node = new ForwardNodeOptions { Node = node };

    /// <summary>Settings of the node.</summary>
    public ForwardNodeOptions Node { get; }

    /// <summary>Settings of the loop, which gets a thread of its own.</summary>
    public ForwardLoopOptions Loop { get; } = new();

    /// <summary>UNIX sockets, for processes on the same machine; null for none.</summary>
    public SocketTransportOptions? Socket { get; set; }

    /// <summary>UDP, for other machines; null for none.</summary>
    public IpTransportOptions? Ip { get; set; }

    /// <summary>vSockets, for virtual machines and their host; null for none.</summary>
    public VSocketTransportOptions? VSocket { get; set; }

    /// <summary>RDMA, for other machines of a data centre; null for none.</summary>
    public RdmaTransportOptions? Rdma { get; set; }

    /// <summary>
    /// Further transports, at most one of each kind. The host owns them from its start on, and disposes of them also
    /// when the start fails.
    /// </summary>
    public IList<IForwardTransport> Transports { get; } = [];

    /// <summary>Fixed routes to other nodes, as rows of a registry; <see cref="AddRoute"/> adds one.</summary>
    internal IList<RouteRow> Routes { get; } = [];

    /// <summary>Further sources of routes, such as registries. The caller owns them.</summary>
    public IList<IRouteSource> RouteSources { get; } = [];

    /// <summary>
    /// The receiver of the node's events: a handler of one's own, or a <see cref="ForwardClient"/>. The host starts and
    /// stops one that is an <see cref="INodeLifetime"/>, as the client is. Null when there are actors.
    /// </summary>
    public IForwardHandler? Handler { get; set; }

    /// <summary>Where log entries go; nowhere when null.</summary>
    public ILoggerFactory? LoggerFactory { get; set; }

    /// <summary>The meter that shows the node's counters; none when null. The caller owns it.</summary>
    public ForwardMetrics? Metrics { get; set; }

    /// <summary>The clock of the loop; the system's when null.</summary>
    public TimeProvider? TimeProvider { get; set; }

    internal IReadOnlyList<(IActor Actor, ServiceId[] Services)> Actors => _actors;

    /// <summary>Adds a route to a node.</summary>
    /// <param name="node">The node it leads to.</param>
    /// <param name="transport">The medium.</param>
    /// <param name="port">The node's port, 1..65535.</param>
    /// <param name="address">
    /// The address in the form of the medium; empty for <see cref="TransportKind.Socket"/>.
    /// </param>
    /// <param name="keyId">The key that this route requires; 0 for none.</param>
    /// <returns>These options.</returns>
    public ForwardHostOptions AddRoute(
        uint node,
        TransportKind transport,
        int port,
        string address = "",
        uint keyId = 0
    )
    {
        Routes.Add(new RouteRow(node, keyId, transport, address, port));
        return this;
    }

    /// <summary>
    /// Adds an actor. Actors start in the order in which they were added, and stop in the opposite order.
    /// </summary>
    /// <param name="actor">The actor.</param>
    /// <param name="services">
    /// The services whose messages it receives; <see cref="ServiceId.Reply"/> where it sends the requests.
    /// </param>
    /// <returns>These options.</returns>
    public ForwardHostOptions AddActor(IActor actor, params ServiceId[] services)
    {
        ArgumentNullException.ThrowIfNull(actor);
        ArgumentNullException.ThrowIfNull(services);
        _actors.Add((actor, services));
        return this;
    }

    /// <summary>Every problem, each with the option, what is wrong and a valid value.</summary>
    internal IEnumerable<string> FindProblems()
    {
        IEnumerable<string> parts = NodeParts.FindProblems(
            Handler is null ? 0 : 1,
            _actors.Count,
            Transports.Count + new object?[] { Socket, Ip, VSocket, Rdma }.Count(static options => options is not null),
            "set Handler, for example to a ForwardClient, or call AddActor(actor, services)",
            "set Socket for processes of this machine, Ip for other machines, VSocket between virtual machines and "
                + "their host"
        );
        return
        [
            .. Of(nameof(Node), Node.FindProblems()),
            .. Of(nameof(Loop), Loop.FindProblems()),
            .. Of(nameof(Socket), Socket?.FindProblems()),
            .. Of(nameof(Ip), Ip?.FindProblems()),
            .. Of(nameof(VSocket), VSocket?.FindProblems()),
            .. Of(nameof(Rdma), Rdma?.FindProblems()),
            .. parts,
            .. FindRepeatedTransports(),
            .. NodeParts.FindRouteProblems(
                CreateRouteSources(),
                new RouteOptions { AllowUnkeyedNetwork = Node.AllowUnkeyedNetwork }
            ),
        ];

        static IEnumerable<string> Of(string part, IEnumerable<string>? problems) =>
            problems?.Select(problem => $"{part}.{problem}") ?? [];
    }

    internal IReadOnlyList<IRouteSource> CreateRouteSources() => [new StaticRouteSource(Routes), .. RouteSources];

    internal RouteOptions CreateRouteOptions()
    {
        RouteOptions options = new() { AllowUnkeyedNetwork = Node.AllowUnkeyedNetwork };
        if (Socket is not null)
            options.SocketDirectory = Socket.Directory;
        return options;
    }

    /// <summary>Marks the options as used.</summary>
    /// <exception cref="InvalidOperationException">They were used before.</exception>
    internal void Use()
    {
        if (Interlocked.Exchange(ref _isUsed, 1) != 0)
            throw new InvalidOperationException(
                $"The options of node {Node.Node} were used before: create new ForwardHostOptions, transports and "
                    + "handlers for each start."
            );
    }

    /// <summary>Creates the transports of the options after those of the caller.</summary>
    internal void AddConfiguredTransports(List<IForwardTransport> transports)
    {
        if (Socket is not null)
            transports.Add(new SocketTransport(Socket, LoggerFactory?.CreateLogger<SocketTransport>()));
        if (Ip is not null)
            transports.Add(new IpTransport(Ip, LoggerFactory?.CreateLogger<IpTransport>()));
        if (VSocket is not null)
            transports.Add(new VSocketTransport(VSocket, LoggerFactory?.CreateLogger<VSocketTransport>()));
        if (Rdma is not null)
            transports.Add(new RdmaTransport(Rdma, LoggerFactory?.CreateLogger<RdmaTransport>()));
    }

    private IEnumerable<string> FindRepeatedTransports()
    {
        List<TransportKind> kinds = [.. Transports.Select(static transport => transport.Kind)];
        if (Socket is not null)
            kinds.Add(TransportKind.Socket);
        if (Ip is not null)
            kinds.Add(TransportKind.Ip);
        if (VSocket is not null)
            kinds.Add(TransportKind.VSocket);
        if (Rdma is not null)
            kinds.Add(TransportKind.Rdma);
        return kinds
            .GroupBy(static kind => kind)
            .Where(static group => group.Count() > 1)
            .Select(static group => $"The node has more than one {group.Key} transport: keep one of each kind.");
    }
}
