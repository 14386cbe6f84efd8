using System.Globalization;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>How to handle an INIT.</summary>
internal enum InitDecision
{
    /// <summary>Answer it on a new path.</summary>
    Accept,

    /// <summary>A path already answers it and sends its RESPONSE again.</summary>
    Repeated,

    /// <summary>Ignore it for now: the process that uses the id is being challenged. INIT is repeated.</summary>
    Wait,

    /// <summary>Refuse it with a REJECT.</summary>
    Reject,

    /// <summary>Drop it without a reply.</summary>
    Drop,
}

/// <summary>The peers of a node: the nodes that it has routes to. Also decides about incoming INITs.</summary>
internal sealed class Peers
{
    private const int MaxPendingPerPeer = 8;
    private const int MaxAnsweredPerPeer = 16;

    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly NodeStatistics _statistics;
    private readonly IAdmission _admission;
    private readonly Func<long, long> _jitter;
    private readonly MessageMemory _memory;
    private readonly IPeerDriverFactory _drivers;
    private readonly UnconfiguredNodes _unconfigured = new();
    private readonly Dictionary<uint, Peer> _peers = [];
    private readonly Dictionary<uint, uint> _formerEpochs = [];

    /// <param name="options">Settings.</param>
    /// <param name="events">Receives messages and events.</param>
    /// <param name="statistics">Counters.</param>
    /// <param name="admission">The rules of routes and options about remote nodes.</param>
    /// <param name="memory">Pools of messages and buffers, shared by all peers.</param>
    /// <param name="jitter">Returns a random number from 0 to its argument.</param>
    /// <param name="drivers">Creates the owner of each peer.</param>
    public Peers(
        SessionOptions options,
        ISessionEvents events,
        NodeStatistics statistics,
        IAdmission admission,
        MessageMemory memory,
        Func<long, long> jitter,
        IPeerDriverFactory drivers
    )
    {
        _options = options;
        _events = events;
        _statistics = statistics;
        _admission = admission;
        _memory = memory;
        _jitter = jitter;
        _drivers = drivers;
    }

    public Dictionary<uint, Peer>.ValueCollection All => _peers.Values;

    /// <summary>The nodes without a route whose INITs arrived last.</summary>
    public IReadOnlyList<UnconfiguredNode> Unconfigured(long now) => _unconfigured.Snapshot(now);

    public Peer? Find(uint node) => _peers.GetValueOrDefault(node);

    /// <summary>The peer for a node with a route; created when it does not exist.</summary>
    public Peer GetOrAdd(uint node)
    {
        if (_peers.TryGetValue(node, out Peer? peer))
            return peer;
        uint lastEpoch = _formerEpochs.GetValueOrDefault(node);
        peer = new Peer(node, _options, _events, _statistics, _memory, _jitter, _drivers, lastEpoch);
        _peers.Add(node, peer);
        _unconfigured.Remove(node);
        return peer;
    }

    /// <summary>
    /// Removes a peer but keeps its last epoch: the remote may still use it when the route is added again.
    /// </summary>
    public void Remove(uint node)
    {
        if (_peers.Remove(node, out Peer? peer) && peer.LastEpoch != 0)
            _formerEpochs[node] = peer.LastEpoch;
    }

    /// <summary>Decides about an INIT.</summary>
    /// <param name="now">The time.</param>
    /// <param name="init">The INIT.</param>
    /// <param name="kind">The medium on which it arrived.</param>
    /// <param name="hostLocal">The frame cannot come from another machine.</param>
    /// <param name="contextId">The context id that the kernel reports, on media that have one (vsock(7)).</param>
    /// <param name="reason">Why it is refused, for <see cref="InitDecision.Reject"/>.</param>
    public InitDecision Evaluate(
        long now,
        in Handshake init,
        TransportKind kind,
        bool hostLocal,
        uint? contextId,
        out RejectReason reason
    )
    {
        InitDecision decision = Decide(now, init, kind, hostLocal, contextId, out reason);
        if (decision is InitDecision.Drop or InitDecision.Reject)
            _statistics.RefusedHandshakes++;
        return decision;
    }

    /// <summary>Creates the path that answers an accepted INIT.</summary>
    /// <param name="now">The time.</param>
    /// <param name="init">The INIT; <see cref="Evaluate"/> has accepted it.</param>
    /// <param name="kind">The medium.</param>
    /// <param name="traits">The properties of the medium.</param>
    /// <param name="localIndex">The local receiver index of the path.</param>
    /// <param name="link">The owner's link, see <see cref="SessionPath.Link"/>.</param>
    public SessionPath Answer(
        long now,
        in Handshake init,
        TransportKind kind,
        LinkTraits traits,
        uint localIndex,
        object link
    )
    {
        Peer peer = GetOrAdd(init.From);
        SessionPath path = SessionPath.Answer(peer, kind, traits, localIndex, link, now, init, peer.EpochFor(init));
        peer.Add(path);
        peer.Driver.OnPending();
        return path;
    }

    private InitDecision Decide(
        long now,
        in Handshake init,
        TransportKind kind,
        bool hostLocal,
        uint? contextId,
        out RejectReason reason
    )
    {
        reason = 0;
        if (init.To != _options.Node)
        {
            reason = RejectReason.WrongNode;
            return InitDecision.Reject;
        }

        if (init.From == _options.Node)
        {
            // Same incarnation: a route leads back to this process. Otherwise a second process uses this node's id.
            if (init.Incarnation == _options.Incarnation)
                return InitDecision.Drop;
            Notify(
                init.From,
                PeerEventKind.NodeIdConflict,
                kind,
                string.Create(CultureInfo.InvariantCulture, $"process {init.Incarnation:x16} uses this node's own id")
            );
            reason = RejectReason.NodeIdConflict;
            return InitDecision.Reject;
        }

        if (Find(init.From) is not { } peer)
        {
            _unconfigured.Record(now, init.From, kind);
            Notify(
                init.From,
                PeerEventKind.NotConfigured,
                kind,
                "no route leads to the node, so its handshake is ignored"
            );
            return InitDecision.Drop;
        }

        if (_admission.IsClosed)
        {
            reason = RejectReason.Stopping;
            return InitDecision.Reject;
        }

        if (_admission.FindSourceMismatch(init.From, kind, contextId) is { } mismatch)
        {
            Notify(init.From, PeerEventKind.Refused, kind, mismatch);
            reason = RejectReason.WrongSource;
            return InitDecision.Reject;
        }

        uint keyId = _admission.RequiredKey(init.From);
        if (init.KeyId != 0 || keyId != 0)
        {
            Notify(
                init.From,
                PeerEventKind.Refused,
                kind,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"keys are not supported yet: the route demands key {keyId}, the peer offers key {init.KeyId}"
                )
            );
            reason = RejectReason.KeyNotSupported;
            return InitDecision.Reject;
        }

        if (!hostLocal && !_admission.AllowsUnkeyed(kind))
        {
            Notify(
                init.From,
                PeerEventKind.Refused,
                kind,
                "it connects from another machine without a key, and AllowUnkeyedIp is off"
            );
            reason = RejectReason.KeyRequired;
            return InitDecision.Reject;
        }

        if (peer.FindAnswer(init.SenderIndex, init.Incarnation) is { } answered)
        {
            answered.RepeatAnswer(init.Timestamp);
            peer.Driver.OnPending();
            return InitDecision.Repeated;
        }

        if (!peer.TryAdmit(now, init.Incarnation))
        {
            if (!peer.IsClaimRejected(now, init.Incarnation))
                return InitDecision.Wait;
            reason = RejectReason.NodeIdConflict;
            return InitDecision.Reject;
        }

        // A peer that keeps starting handshakes must not use up the limit for all nodes.
        if (
            Pending(peer) < MaxPendingPerPeer
            && Answered(peer) < MaxAnsweredPerPeer
            && PendingHandshakes() < _options.MaxPendingHandshakes
        )
            return InitDecision.Accept;
        reason = RejectReason.Busy;
        return InitDecision.Reject;
    }

    // Called for INITs of configured nodes only, so the loop runs rarely.
    private int PendingHandshakes()
    {
        int pending = 0;
        foreach (Peer peer in _peers.Values)
            pending += Pending(peer);
        return pending;
    }

    // Only the node that answered the remaining path closes redundant ones. This limit bounds the paths when the peer
    // is that node and does not close them.
    private static int Answered(Peer peer) => peer.Paths.Count(static path => !path.IsInitiator);

    private static int Pending(Peer peer) => peer.Paths.Count(static path => path.Phase == PathPhase.Answering);

    private void Notify(uint node, PeerEventKind kind, TransportKind transport, string reason)
    {
        if (_peers.TryGetValue(node, out Peer? peer))
            peer.Notify(kind, transport, reason);
        else
            _events.PeerChanged(new PeerEvent(node, kind, transport, reason));
    }
}
