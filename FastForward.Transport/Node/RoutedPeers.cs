using FastForward.Transport.Addressing;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Transport.Node;

/// <summary>The peers that routes lead to, kept in step with the routes while they change.</summary>
internal sealed class RoutedPeers : IAdmission
{
    private readonly ForwardLoop _loop;
    private readonly ForwardNodeOptions _options;
    private readonly OverrideResolver _routes;
    private readonly TransportSet _transports;
    private readonly EventQueue _events;
    private readonly FramePump _pump;
    private readonly Dictionary<uint, PeerConnector> _connectors = [];
    private volatile Peer[] _published = [];
    private readonly UnconfiguredNodes _unconfigured = new();
    private uint? _ownCid;
    private long _readsCidAgain = long.MinValue;

    public RoutedPeers(
        ForwardLoop loop,
        ForwardNodeOptions options,
        OverrideResolver routes,
        TransportSet transports,
        EventQueue events,
        FramePump pump
    )
    {
        _loop = loop;
        _options = options;
        _routes = routes;
        _transports = transports;
        _events = events;
        _pump = pump;
    }

    /// <summary>The session's table of peers; set once, right after both were made.</summary>
    public Peers Peers { get; set; } = null!;

    public bool IsClosed { get; set; }

    public IEnumerable<Peer> All => _connectors.Values.Select(static connector => connector.Peer);

    /// <summary>The peers for readers on other threads: replaced as a whole, never changed.</summary>
    public Peer[] Published => _published;

    /// <summary>Nodes that were heard although no route leads to them.</summary>
    public IReadOnlyList<UnconfiguredNode> Unconfigured => _unconfigured.Snapshot(_loop.Now);

    public IEnumerable<PeerStatus> Statuses => _connectors.Values.Select(static connector => connector.Status);

    public PeerStatus? StatusOf(uint node) => _connectors.GetValueOrDefault(node)?.Status;

    /// <summary>Something happened to a peer: it is part of its status.</summary>
    public void Note(PeerEvent change)
    {
        if (_connectors.TryGetValue(change.Node, out PeerConnector? connector))
            connector.LastChange = change;
        else if (change is { Kind: PeerEventKind.NotConfigured, Transport: { } transport })
            _unconfigured.Record(_loop.Now, change.Node, transport);
    }

    public Peer? Find(uint node) => _connectors.TryGetValue(node, out PeerConnector? connector) ? connector.Peer : null;

    /// <summary>Brings the peers in step with the routes as they are now.</summary>
    public void Apply()
    {
        foreach (uint node in _routes.Nodes)
        {
            // A row about oneself is for the others.
            if (node == _options.Node || _routes.Find(node) is not { } routes)
                continue;
            if (!_connectors.TryGetValue(node, out PeerConnector? connector))
            {
                connector = new PeerConnector(Peers.GetOrAdd(node), _loop, _transports, _events);
                _connectors.Add(node, connector);
                _unconfigured.Remove(node);
            }

            Route? fallback = FindFallback(routes);
            Route? route = Usable(node, routes, fallback);
            connector.SetRoute(route, ReferenceEquals(route, fallback) ? null : fallback);
            foreach (SessionPath path in connector.Peer.Paths.ToArray())
            {
                // A row that is gone does not cut off who was let in by it; one that names another machine does.
                if (
                    HasVSocket(routes)
                    && ReasonAgainst(node, path.Kind, path.Traits.Credentials?.ContextId) is { } wrong
                )
                    path.Close(_loop.Now, CloseReason.RouteChanged, wrong);
            }

            // What was agreed without a key does not outlive the demand for one.
            if (routes.KeyId != 0 && connector.Peer.Paths.Count > 0)
                connector.Peer.Close(
                    _loop.Now,
                    CloseReason.RouteChanged,
                    "its routes demand a key now",
                    UndeliveredReason.PeerLost
                );
        }

        foreach (uint node in _connectors.Keys.Where(node => _routes.Find(node) is null).ToArray())
            Remove(node);
        _published = [.. All];
    }

    /// <summary>Ends all associations; the peers are told as far as their links take it.</summary>
    public void Close()
    {
        foreach (PeerConnector connector in _connectors.Values)
        {
            connector.Stop();
            connector.Peer.Close(_loop.Now, CloseReason.Stopping, "this node stops", UndeliveredReason.Stopped);
            _pump.Pump(connector.Peer);
        }
    }

    /// <summary>Nothing that could be delivered waits for it.</summary>
    public bool AreDrained()
    {
        foreach (PeerConnector connector in _connectors.Values)
        {
            // A peer that was not there at all, or a path that cannot carry what waits, would only delay the end. One that
            // just lost its last path may be back in a moment.
            Peer peer = connector.Peer;
            if (
                peer.Association.IsUp
                && !peer.Association.Sender.IsDrained(peer.SendPath is null or { IsReliable: true })
            )
                return false;
        }

        return true;
    }

    public bool IsConfigured(uint node, out uint keyId)
    {
        bool known = _connectors.ContainsKey(node);
        keyId = known ? _routes.Find(node)?.KeyId ?? 0 : 0;
        return known;
    }

    public bool AllowsUnkeyed(TransportKind kind) =>
        kind is TransportKind.Socket or TransportKind.VSocket || _options.AllowUnkeyedIp;

    /// <summary>
    /// On vSockets the context id of the machine is all that tells who somebody is: it must be that of a row. A node
    /// without such a row has none to compare with, so it is not believed either.
    /// </summary>
    public string? ReasonAgainst(uint node, TransportKind kind, uint? contextId)
    {
        if (kind != TransportKind.VSocket)
            return null;
        if (contextId is not { } cid)
            return "it came by vSocket, and the kernel does not say from which machine";
        uint? routed = null;
        foreach (Route route in _routes.Find(node)?.All ?? [])
        {
            if (route.EndPoint is not VSocketEndPoint place)
                continue;
            if (VSocketMachine.IsSame(cid, place.Cid, OwnCid))
                return null;
            routed ??= place.Cid;
        }

        return routed is { } expected
            ? $"it came by vSocket from context id {cid}, and its route names context id {expected}"
            : $"it came by vSocket from context id {cid}, and no row of type FORWARD_TRANSPORT_VSOCKET says that it is there";
    }

    // It changes when the machine moves to another host. Read at most once a second, since strangers make us ask; where it
    // cannot be read for want of a descriptor, what was read before stands.
    private uint? OwnCid
    {
        get
        {
            if (_loop.Now < _readsCidAgain)
                return _ownCid;
            _readsCidAgain = _loop.Now + 1_000_000;
            return _ownCid = VSocketMachine.ReadCid(out _) ?? _ownCid;
        }
    }

    private static bool HasVSocket(NodeRoutes routes)
    {
        foreach (Route route in routes.All)
        {
            if (route.EndPoint is VSocketEndPoint)
                return true;
        }

        return false;
    }

    // A route that cannot be used is no silent matter.
    private Route? Usable(uint node, NodeRoutes routes, Route? fallback)
    {
        TransportKind kind = routes.Preferred.Row.Transport;
        string? obstacle =
            routes.KeyId != 0 ? $"its route demands key {routes.KeyId}, and keys are not supported yet"
            : _transports.Find(kind) is null
                ? $"its route needs a transport that does not run here: {_transports.ReasonAgainst(kind)}"
            : null;
        if (obstacle is null)
            return routes.Preferred;
        if (fallback is not null)
            return fallback; // that vSockets do not run here was told at the start
        Peers.Find(node)?.Notify(PeerEventKind.Unusable, kind, obstacle);
        return null;
    }

    private Route? FindFallback(NodeRoutes routes)
    {
        if (!_options.VSocketFallback || routes.KeyId != 0 || routes.Preferred.Row.Transport != TransportKind.VSocket)
            return null;
        foreach (Route route in routes.All)
        {
            if (route.Row.Transport != TransportKind.VSocket && _transports.Find(route.Row.Transport) is not null)
                return route;
        }

        return null;
    }

    private void Remove(uint node)
    {
        PeerConnector connector = _connectors[node];
        connector.Stop();
        connector.Peer.Close(
            _loop.Now,
            CloseReason.RouteChanged,
            "its routes were removed",
            UndeliveredReason.PeerLost
        );
        _pump.Pump(connector.Peer);
        _connectors.Remove(node);
        Peers.Remove(node);
    }
}
