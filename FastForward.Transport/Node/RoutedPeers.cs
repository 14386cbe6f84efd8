using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Node;

/// <summary>Keeps the table of peers consistent with the routes.</summary>
internal sealed class RoutedPeers
{
    /// <summary>How many nodes are applied in a cycle of the loop.</summary>
    public const int NodesPerCycle = 64;

    private readonly ForwardLoop _loop;
    private readonly ForwardNodeOptions _options;
    private readonly OverrideResolver _routes;
    private readonly TransportSet _transports;
    private readonly FramePump _pump;
    private readonly Peers _peers;
    private readonly RouteAdmission _admission;
    private readonly NodeKeys _keys;
    private readonly Queue<uint> _waiting = new(); // may name a node twice, or one that is applied already
    private readonly HashSet<uint> _unapplied = [];
    private RouteChanges? _changes;
    private volatile Peer[] _published = [];
    private bool _isPublished;

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

    /// <summary>Nodes whose routes have changed and are not applied yet.</summary>
    public bool HasWork => _unapplied.Count > 0 || !_isPublished;

    /// <summary>How often the routes of a node were applied.</summary>
    public long Applied { get; private set; }

    /// <summary>Follows the routes, and applies the first <see cref="NodesPerCycle"/> of them at once.</summary>
    /// <param name="notify">Is called, on any thread, when <see cref="Take"/> should be.</param>
    public void Start(Action notify)
    {
        _changes = _routes.Follow(notify);
        _peers.FindMissing = ApplyNow;
        Take();
    }

    /// <summary>Stops following the routes.</summary>
    public void Stop()
    {
        _peers.FindMissing = null;
        _changes?.Dispose();
    }

    /// <summary>
    /// Applies the routes that have changed: the first <see cref="NodesPerCycle"/> at once, the others in the next
    /// cycles.
    /// </summary>
    public void Take()
    {
        foreach (uint node in _changes!.Take())
            Enqueue(node);
        Apply(NodesPerCycle);
    }

    /// <summary>
    /// Adds, removes and reconnects peers so that they match their routes as they are now. A table of thousands of rows
    /// takes many cycles: messages between peers that are connected do not wait for it.
    /// </summary>
    /// <param name="most">The most nodes.</param>
    /// <returns>How many were applied.</returns>
    public int Apply(int most)
    {
        int applied = 0;
        while (applied < most && _waiting.TryDequeue(out uint node))
        {
            if (!_unapplied.Remove(node))
                continue;
            ApplyRoutes(node);
            applied++;
        }

        if (_unapplied.Count == 0)
        {
            _waiting.Clear();
            if (_waiting.Capacity > NodesPerCycle)
            {
                _waiting.TrimExcess();
                _unapplied.TrimExcess();
            }

            Publish();
        }

        return applied;
    }

    // The peer for a node whose routes are not applied yet; null for others.
    private Peer? ApplyNow(uint node)
    {
        if (node == _options.Node || _routes.Find(node) is null)
            return null;
        _unapplied.Remove(node);
        ApplyRoutes(node);
        return _peers.Find(node);
    }

    private void Enqueue(uint node)
    {
        // A row for the node itself is for the other nodes that share the registry.
        if (node != _options.Node && _unapplied.Add(node))
            _waiting.Enqueue(node);
    }

    private void ApplyRoutes(uint node)
    {
        Applied++;
        if (_routes.Find(node) is { } routes)
        {
            int count = _peers.All.Count;
            Apply(_peers.GetOrAdd(node), routes);
            _isPublished &= count == _peers.All.Count;
        }
        else if (_peers.Find(node) is { } peer)
        {
            Remove(peer);
            _isPublished = false;
        }
    }

    private void Publish()
    {
        if (_isPublished)
            return;
        _published = [.. _peers.All];
        _isPublished = true;
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

        foreach (Peer peer in _peers.All)
            Enqueue(peer.Node);
        Apply(NodesPerCycle);
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
