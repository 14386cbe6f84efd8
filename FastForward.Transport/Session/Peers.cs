using System.Globalization;
using FastForward.Transport.Session.Keys;
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

    /// <summary>Ask for a repetition with a COOKIE.</summary>
    Cookie,

    /// <summary>Drop it without a reply.</summary>
    Drop,
}

/// <summary>The peers of a node: the nodes that it has routes to. Also decides about incoming INITs.</summary>
internal sealed class Peers
{
    private const int MaxUnprovenPerMedium = 8; // of one peer
    private const int MaxAnsweredPerMedium = 16; // of one peer

    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly NodeStatistics _statistics;
    private readonly IAdmission _admission;
    private readonly HandshakeGuard _guard;
    private readonly PeerEnvironment _environment;
    private readonly UnconfiguredNodes _unconfigured = new();
    private readonly Dictionary<uint, Peer> _peers = [];
    private readonly Dictionary<uint, uint> _formerEpochs = [];
    private readonly List<SessionPath> _unproven = []; // oldest first; those that were completed leave at the next INIT

    /// <param name="options">Settings.</param>
    /// <param name="events">Receives messages and events.</param>
    /// <param name="statistics">Counters.</param>
    /// <param name="admission">The rules of routes and options about remote nodes.</param>
    /// <param name="memory">Pools of messages and buffers, shared by all peers.</param>
    /// <param name="random">The source of random numbers.</param>
    /// <param name="keys">The keys of this node.</param>
    /// <param name="drivers">Creates the owner of each peer.</param>
    public Peers(
        SessionOptions options,
        ISessionEvents events,
        NodeStatistics statistics,
        IAdmission admission,
        MessageMemory memory,
        SessionRandom random,
        IKeySource keys,
        IPeerDriverFactory drivers
    )
    {
        _options = options;
        _events = events;
        _statistics = statistics;
        _admission = admission;
        _guard = new HandshakeGuard(keys, random);
        _environment = new PeerEnvironment(options, events, statistics, memory, random, keys, drivers);
    }

    public Dictionary<uint, Peer>.ValueCollection All => _peers.Values;

    /// <summary>The nodes without a route whose INITs arrived last.</summary>
    public IReadOnlyList<UnconfiguredNode> Unconfigured(long now) => _unconfigured.Snapshot(now);

    /// <summary>Makes the peer of a node that has a route and no peer yet; null for other nodes.</summary>
    public Func<uint, Peer?>? FindMissing { get; set; }

    public Peer? Find(uint node) => _peers.TryGetValue(node, out Peer? peer) ? peer : FindMissing?.Invoke(node);

    /// <summary>The peer for a node with a route; created when it does not exist.</summary>
    public Peer GetOrAdd(uint node)
    {
        if (_peers.TryGetValue(node, out Peer? peer))
            return peer;
        uint lastEpoch = _formerEpochs.GetValueOrDefault(node);
        peer = new Peer(node, _environment, lastEpoch);
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

    /// <summary>The longest answer that <see cref="Evaluate"/> writes, in bytes.</summary>
    public const int LongestAnswer = WireFormat.Cookie;

    /// <summary>Decides about an INIT.</summary>
    /// <param name="now">The time.</param>
    /// <param name="init">The INIT.</param>
    /// <param name="frame">Its frame.</param>
    /// <param name="arrival">How it came.</param>
    /// <param name="answer">Where the answer is written, <see cref="LongestAnswer"/> bytes.</param>
    /// <param name="length">
    /// The length of the answer, for <see cref="InitDecision.Reject"/> and <see cref="InitDecision.Cookie"/>.
    /// </param>
    /// <param name="exchange">
    /// For <see cref="Answer"/>, with <see cref="InitDecision.Accept"/>; null where the INIT has no key.
    /// </param>
    public InitDecision Evaluate(
        long now,
        in Handshake init,
        ReadOnlySpan<byte> frame,
        in InitArrival arrival,
        Span<byte> answer,
        out int length,
        out KeyExchange? exchange
    )
    {
        length = 0;
        exchange = null;
        InitDecision decision = Decide(now, init, frame, arrival, out RejectReason reason);
        if (decision == InitDecision.Accept && init.KeyId != 0)
        {
            exchange = _guard.Answer(now, init, frame, SessionPath.IsToBeSealed(arrival.Source, _options));
            if (exchange is null)
                decision = InitDecision.Drop;
        }

        if (decision == InitDecision.Reject)
        {
            Reject.Of(init, reason, _options.Capabilities).Write(answer);
            length = WireFormat.Reject;
        }
        else if (decision == InitDecision.Cookie)
        {
            length = _guard.WriteCookie(now, init, arrival.Source, answer);
        }

        if (decision is InitDecision.Drop or InitDecision.Reject)
            _statistics.RefusedHandshakes++;
        return decision;
    }

    /// <summary>Creates the path that answers an accepted INIT.</summary>
    /// <param name="now">The time.</param>
    /// <param name="init">The INIT; <see cref="Evaluate"/> has accepted it.</param>
    /// <param name="kind">The medium.</param>
    /// <param name="traits">The properties of the medium.</param>
    /// <param name="source">Where the peer is.</param>
    /// <param name="localIndex">The local receiver index of the path.</param>
    /// <param name="link">The owner's link, see <see cref="SessionPath.Link"/>.</param>
    /// <param name="exchange">What <see cref="Evaluate"/> has given.</param>
    public SessionPath Answer(
        long now,
        in Handshake init,
        TransportKind kind,
        LinkTraits traits,
        in LinkSource source,
        uint localIndex,
        object link,
        KeyExchange? exchange = null
    )
    {
        Peer peer = GetOrAdd(init.From);
        MakeRoom(now, peer, kind);
        SessionPath path = SessionPath.Answer(
            peer,
            kind,
            traits,
            source,
            localIndex,
            link,
            now,
            init,
            peer.EpochFor(init),
            exchange
        );
        _unproven.Add(path);
        peer.Add(path);
        peer.Driver.OnPending();
        return path;
    }

    /// <summary>Decides about a frame of a path that came from another place than the peer's.</summary>
    /// <param name="now">The time.</param>
    /// <param name="path">The path whose index it carries.</param>
    /// <param name="hostLocal">The frame cannot come from another machine.</param>
    /// <param name="place">Where it came from.</param>
    /// <param name="frame">The frame; it is opened in place.</param>
    /// <param name="challenge">See <see cref="SessionPath.EvaluateMove"/>.</param>
    /// <param name="length">The length of the challenge, for <see cref="MoveDecision.Challenge"/>.</param>
    public MoveDecision EvaluateMove(
        long now,
        SessionPath path,
        bool hostLocal,
        in LinkSource place,
        Span<byte> frame,
        Span<byte> challenge,
        out int length
    )
    {
        _statistics.StrangerFrames++;
        length = 0;
        return
            path.MayHaveMoved(now, place, frame)
            && _admission.Evaluate(path.Peer.Node, path.KeyId, path.Kind, hostLocal, place).IsGranted
            ? path.EvaluateMove(now, place, frame, challenge, out length)
            : MoveDecision.Drop;
    }

    private InitDecision Decide(
        long now,
        in Handshake init,
        ReadOnlySpan<byte> frame,
        in InitArrival arrival,
        out RejectReason reason
    )
    {
        reason = 0;
        TransportKind kind = arrival.Kind;
        LinkSource source = arrival.Source;
        if (init.ReceiverIndex != 0 && !init.IsOfLaterVersion)
            return InitDecision.Drop; // the renewal of keys of a path that has ended
        if (init.To != _options.Node)
        {
            reason = RejectReason.WrongNode;
            return Find(init.From) is not null && _guard.TryRefuse(now) ? InitDecision.Reject : InitDecision.Drop;
        }

        if (init.From == _options.Node)
        {
            // Same incarnation: a route leads back to this process. Otherwise a second process uses this node's id.
            if (init.Incarnation == _options.Incarnation || !_guard.TryRefuse(now))
                return InitDecision.Drop;
            Notify(
                init.From,
                PeerEventKind.NodeIdConflict,
                kind,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"process {init.Incarnation:x16} at {source} uses this node's own id"
                )
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

        // Where a later version has the key is not known. Who could be the node is told with which version to go on.
        if (
            init.IsOfLaterVersion
            && _guard.TryCheck(now)
            && _admission.IsLikely(init.From, kind, arrival.IsHostLocal, source)
        )
        {
            reason = RejectReason.Version;
            return Refuse(now, peer, init, arrival, reason);
        }

        // Nothing that would help to join is told before this: no incarnation, no epoch.
        if (init.KeyId != 0 && _guard.FindFault(init, frame) is { } fault)
        {
            reason = fault;
            if (fault == RejectReason.CipherUnsupported)
                return Refuse(now, peer, init, arrival, fault); // a holder of the key has written it
            _statistics.ForgedHandshakes++;
            return _guard.TryCheck(now) && _admission.IsLikely(init.From, kind, arrival.IsHostLocal, source)
                ? Refuse(now, peer, init, arrival, fault)
                : InitDecision.Drop;
        }

        Admission admission = _admission.Evaluate(init.From, init.KeyId, kind, arrival.IsHostLocal, source);
        bool isPlaceUnknown = admission.IsUndecided || admission.Reason == RejectReason.WrongSource;
        if (!admission.IsGranted && !(isPlaceUnknown && peer.MayProve(init, source)))
        {
            reason = admission.Reason;
            return admission.IsUndecided ? InitDecision.Wait
                : admission.IsIgnored ? InitDecision.Drop
                : Refuse(now, peer, init, arrival, reason);
        }

        if (Compatibility.FindReason(init, _options.Capabilities) is { } incompatible)
        {
            reason = incompatible;
            return Refuse(now, peer, init, arrival, reason);
        }

        if (peer.FindAnswer(init.SenderIndex, init.Incarnation, source) is { } answered)
        {
            answered.RepeatAnswer(init.Timestamp);
            peer.Driver.OnPending();
            return InitDecision.Repeated;
        }

        // An INIT with a key may be a repetition of an old one. It is not to trouble a process that runs.
        LinkSource identity = init.KeyId != 0 ? LinkSource.KeyHolder : source;
        if (
            init.KeyId != 0
            && _guard.NeedsCookie(
                now,
                init,
                frame,
                source,
                !peer.IsOfAssociation(init.Incarnation, init.Epoch) || IsCrowded(peer, kind)
            )
        )
            return InitDecision.Cookie;
        switch (peer.EvaluateClaim(now, init.Incarnation, init.Epoch, kind, identity))
        {
            case ClaimDecision.Wait:
                return InitDecision.Wait;
            case ClaimDecision.Refuse:
                reason = RejectReason.NodeIdConflict;
                return InitDecision.Reject;
        }

        if (Answered(peer, kind) < MaxAnsweredPerMedium)
            return InitDecision.Accept;
        reason = RejectReason.Busy;
        return InitDecision.Reject;
    }

    // However many INITs come, few refusals are written and reported.
    private InitDecision Refuse(long now, Peer peer, in Handshake init, in InitArrival arrival, RejectReason reason)
    {
        if (!_guard.TryRefuse(now))
            return InitDecision.Drop;
        string? text =
            Compatibility.ExplainOwn(reason, init, _options.Capabilities)
            ?? HandshakeGuard.Explain(reason, init, arrival.Source)
            ?? _admission.Explain(peer.Node, reason, arrival.Kind, arrival.Source);
        if (text is not null)
            peer.OnRefusedClaim(now, PeerEventKind.Refused, arrival.Kind, text);
        return InitDecision.Reject;
    }

    // The second half of the places is for those that show that they are there now. A sender that repeats INITs of
    // others cannot.
    private bool IsCrowded(Peer peer, TransportKind kind) =>
        peer.Paths.Count(path => path.IsUnproven && path.Kind == kind) >= MaxUnprovenPerMedium / 2
        || _unproven.Count(static path => path.IsUnproven) >= _options.MaxPendingHandshakes / 2;

    // Only the node that answered the remaining path closes redundant ones. This limit bounds the paths when the peer
    // is that node and does not close them.
    private static int Answered(Peer peer, TransportKind kind) =>
        peer.Paths.Count(path => path is { IsInitiator: false, IsUnproven: false } && path.Kind == kind);

    // A source that repeats handshakes without completing one takes places from itself: of the source with most
    // unproven paths the oldest yields. Each medium has its own places: a flood over one keeps no peer out on another.
    private void MakeRoom(long now, Peer peer, TransportKind kind)
    {
        _unproven.RemoveAll(static path => !path.IsUnproven);
        SessionPath[] ofMedium = [.. _unproven.Where(path => ReferenceEquals(path.Peer, peer) && path.Kind == kind)];
        SessionPath? victim =
            ofMedium.Length >= MaxUnprovenPerMedium ? FairEviction.ChooseVictim(ofMedium, static path => path.Source)
            : _unproven.Count >= _options.MaxPendingHandshakes
                ? FairEviction.ChooseVictim(_unproven, static path => path.Source)
            : null;
        victim?.Finish(now, "newer handshakes took its place");
    }

    private void Notify(uint node, PeerEventKind kind, TransportKind transport, string reason)
    {
        if (_peers.TryGetValue(node, out Peer? peer))
            peer.Notify(kind, transport, reason);
        else
            _events.PeerChanged(new PeerEvent(node, kind, transport, reason));
    }
}
