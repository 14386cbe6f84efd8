using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Node;

/// <summary>Keeps the table of peers consistent with the routes.</summary>
internal sealed class RoutedPeers
{
    private readonly ForwardLoop _loop;
    private readonly ForwardNodeOptions _options;
    private readonly OverrideResolver _routes;
    private readonly TransportSet _transports;
    private readonly FramePump _pump;
    private readonly Peers _peers;
    private readonly RouteAdmission _admission;
    private readonly NodeKeys _keys;
    private volatile Peer[] _published = [];

    public RoutedPeers(
        ForwardLoop loop,
        ForwardNodeOptions options,
        OverrideResolver routes,
        TransportSet transports,
        FramePump pump,
        Peers peers,
        RouteAdmission admission,
        NodeKeys keys
    )
    {
        _loop = loop;
        _options = options;
        _routes = routes;
        _transports = transports;
        _pump = pump;
        _peers = peers;
        _admission = admission;
        _keys = keys;
    }

    /// <summary>The peers for readers on other threads. The list is replaced, never modified.</summary>
    public IReadOnlyList<Peer> Published => _published;

    public IEnumerable<PeerStatus> Statuses => _peers.All.Select(static peer => ConnectorOf(peer).Status);

    public PeerStatus? StatusOf(uint node) => _peers.Find(node) is { } peer ? ConnectorOf(peer).Status : null;

    /// <summary>Adds, removes and reconnects peers so that they match the routes as they are now.</summary>
    public void Apply()
    {
        foreach (uint node in _routes.Nodes)
        {
            // A row for the node itself is for the other nodes that share the registry.
            if (node != _options.Node && _routes.Find(node) is { } routes)
                Apply(_peers.GetOrAdd(node), routes);
        }

        foreach (Peer peer in _peers.All.Where(peer => _routes.Find(peer.Node) is null).ToArray())
            Remove(peer);
        _published = [.. _peers.All];
    }

    /// <summary>
    /// This machine may be a restored one. Sealed paths end without another frame: its number may have been used.
    /// </summary>
    public void OnClockStep()
    {
        foreach (Peer peer in _peers.All)
        {
            foreach (SessionPath path in peer.Paths.ToArray())
            {
                if (path.IsSealed)
                    path.Finish(_loop.NowMicros, "the clock was set by seconds: the machine may have been restored");
            }
        }
    }

    /// <summary>
    /// Ends all associations; the peers are notified as far as their links accept it without blocking.
    /// </summary>
    public void Close()
    {
        foreach (Peer peer in _peers.All)
            Close(peer, CloseReason.Stopping, "this node is stopping", UndeliveredReason.Stopped);
    }

    /// <summary>Whether no accepted message remains that could still be delivered.</summary>
    public bool AreDrained()
    {
        foreach (Peer peer in _peers.All)
        {
            // Without an association waiting would only delay the stop. A peer that has just lost its last path may
            // reconnect.
            if (peer.Association.IsUp && !peer.Association.Sender.IsDrained)
                return false;
        }

        return true;
    }

    private static PeerConnector ConnectorOf(Peer peer) => (PeerConnector)peer.Driver;

    private void Apply(Peer peer, NodeRoutes routes)
    {
        bool isRequired = _options.RequiresKey(peer.Node);
        uint keyId = _keys.Choose(peer.Node, routes.KeyId, isRequired);
        string? obstacle = _keys.FindObstacle(peer.Node, keyId, isRequired);
        ConnectorOf(peer).SetRoutes(FindUsable(peer, routes, obstacle), keyId);
        if (isRequired || routes.KeyId != 0)
            EndUnproven(peer, isWithoutKey: obstacle is not null);
        else
            EndElsewhere(peer, routes);
    }

    // A key is demanded now. Where this node has none, nothing can take the place of the paths.
    private void EndUnproven(Peer peer, bool isWithoutKey)
    {
        const string Text = "its rows or this node demand a key now";
        SessionPath[] unproven = [.. peer.Paths.Where(static path => path.KeyId == 0)];
        if (unproven.Length > 0 && isWithoutKey && unproven.Length == peer.Paths.Count)
            peer.Close(_loop.NowMicros, CloseReason.RouteChanged, Text, UndeliveredReason.PeerLost);
        foreach (SessionPath path in unproven)
            path.Close(_loop.NowMicros, CloseReason.RouteChanged, Text);
    }

    // Removing the row of a transport does not end an admitted path; changing the row to another machine does.
    private void EndElsewhere(Peer peer, NodeRoutes routes)
    {
        foreach (SessionPath path in peer.Paths.ToArray())
        {
            if (
                path.KeyId == 0
                && routes.All.Any(other => other.Row.Transport == path.Kind)
                && _admission.FindIdentityMismatch(peer.Node, path.Kind, path.Source) is { } mismatch
            )
                path.Close(_loop.NowMicros, CloseReason.RouteChanged, mismatch);
        }
    }

    /// <summary>The keys are others: paths whose key is gone or another one now end.</summary>
    public void OnKeysChanged(IReadOnlyList<PairKey> before)
    {
        foreach (Peer peer in _peers.All)
        {
            foreach (SessionPath path in peer.Paths.ToArray())
            {
                if (path.KeyId != 0 && !_keys.IsSame(before, path.KeyId, peer.Node))
                    path.Close(_loop.NowMicros, CloseReason.RouteChanged, $"key {path.KeyId} was removed");
            }
        }

        Apply();
    }

    // Where a vSocket is preferred the other rows count only on request: it says on which machine the peer is.
    private IReadOnlyList<Route> FindUsable(Peer peer, NodeRoutes routes, string? keyObstacle)
    {
        TransportKind kind = routes.Preferred.Row.Transport;
        if (keyObstacle is not null)
        {
            peer.Notify(PeerEventKind.Unusable, kind, keyObstacle);
            return [];
        }

        bool hasFallback = kind != TransportKind.VSocket || _options.VSocketFallback;
        if (routes.All.All(IsUsable))
            return routes.All;
        Route[] usable = [.. routes.All.Where(IsUsable)];
        if (usable.Length == 0) // another unavailable transport was reported at the start
        {
            string obstacle =
                $"its route needs a transport that is not running here: {_transports.ReasonAgainst(kind)}";
            peer.Notify(PeerEventKind.Unusable, kind, obstacle);
        }

        return usable;

        bool IsUsable(Route route) =>
            (hasFallback || route.Row.Transport == kind) && _transports.Find(route.Row.Transport) is not null;
    }

    private void Remove(Peer peer)
    {
        Close(peer, CloseReason.RouteChanged, "its routes were removed", UndeliveredReason.PeerLost);
        _peers.Remove(peer.Node);
    }

    private void Close(Peer peer, CloseReason reason, string text, UndeliveredReason undelivered)
    {
        ConnectorOf(peer).Stop();
        peer.Close(_loop.NowMicros, reason, text, undelivered);
        _pump.Pump(peer);
    }
}
