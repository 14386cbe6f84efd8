using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Keeps a path over the routed transport open to one peer: connects with an increasing delay between attempts,
/// resolves host names, and drives the peer's time-outs. Confined to the loop thread.
/// </summary>
internal sealed partial class PeerConnector : IPeerDriver
{
    private const long FirstRetryMicros = 50_000;
    private const long RetryLimitMicros = 30_000_000;
    private const long StableAfterMicros = 5_000_000;
    private const long NotHeardAfterMicros = 10_000_000;
    private const long YieldMicros = 1_000_000;
    private const long BlockedRetryMicros = 1_000;

    private readonly ForwardLoop _loop;
    private readonly TransportSet _transports;
    private readonly RouteAdmission _admission;
    private readonly FramePump _pump;
    private readonly LoopTimer _timer;
    private readonly HostNames _names;
    private readonly long _createdAt;

    private Route? _fallback;
    private IForwardLink? _connecting;
    private bool _stopped;
    private bool _notHeardReported;
    private long _retry = FirstRetryMicros;
    private long _nextAttempt;
    private long _yieldUntil; // 0 while no handshake of the peer is under way
    private string? _lastFailure; // of the preferred route
    private Route? _connectingFor;
    private bool _fallbackReported;
    private PeerEventKind? _lastKind; // of the last event about the peer
    private string? _lastReason;

    public PeerConnector(
        Peer peer,
        ForwardLoop loop,
        TransportSet transports,
        RouteAdmission admission,
        FramePump pump,
        HostNames names
    )
    {
        Peer = peer;
        _loop = loop;
        _transports = transports;
        _admission = admission;
        _pump = pump;
        _timer = loop.CreateTimer(OnTimer);
        _names = names;
        _createdAt = loop.NowMicros;
    }

    public Peer Peer { get; }

    /// <summary>Whether the peer is queued in <see cref="FramePump"/>.</summary>
    public bool IsMarked { get; set; }

    /// <summary>The route to the peer; null when only the peer can connect to this node.</summary>
    public Route? Route { get; private set; }

    /// <summary>
    /// Sets the routes to the peer. A path over a route that changed serves until one over the new route is
    /// established.
    /// </summary>
    /// <param name="route">The preferred route.</param>
    /// <param name="fallback">
    /// The route of another transport, used while the preferred one fails; null for none.
    /// </param>
    public void SetRoute(Route? route, Route? fallback)
    {
        Route? former = _fallback;
        _fallback = fallback;
        if (former is not null && !former.LeadsTo(fallback) && former.Row.Transport != route?.Row.Transport)
            LeaveInitiated(former, fallback);
        if (Route is null ? route is null : Route.LeadsTo(route))
        {
            Route = route;
            Reschedule(); // also without a route: schedules the report that the peer has not connected
            return;
        }

        Route? before = Route;
        if (route is not null)
            (_lastKind, _lastReason) = (null, null); // they concerned the former route
        Route = route;
        Watch(route?.EndPoint);
        DropAttempt();
        if (before is not null && before.Row.Transport == route?.Row.Transport)
            LeaveInitiated(before, route);
        Peer.OnRoutesChanged(_loop.NowMicros);

        _retry = FirstRetryMicros;
        _nextAttempt = _loop.NowMicros;
        _lastFailure = null;
        _fallbackReported = false;
        Evaluate();
    }

    public void Stop()
    {
        _stopped = true;
        Watch(null);
        DropAttempt();
        _timer.Cancel();
    }

    /// <summary>
    /// Connects when there is a route without a path, no attempt is pending, and the delay has passed. Reports a peer
    /// that was never heard from.
    /// </summary>
    public void Evaluate()
    {
        if (_stopped)
            return;
        if (IsRacing)
            ContinueRace();
        if (
            Route is { } route
            && _connecting is null
            && _untried.Length == 0
            && !IsAwaitingName
            && !Peer.HasPath(route.Row.Transport)
            && _loop.NowMicros >= _nextAttempt
            && !IsYielding(route.Row.Transport)
        )
            Attempt(route);
        if (!_notHeardReported && Peer.KnownIncarnation == 0 && _loop.NowMicros - _createdAt >= NotHeardAfterMicros)
        {
            _notHeardReported = true;
            Peer.Notify(PeerEventKind.NotHeard, Route?.Row.Transport, NotHeardReason);
        }

        Reschedule();
    }

    /// <summary>Sets the timer to the next time at which the peer needs it, or earlier.</summary>
    public void Reschedule()
    {
        if (_stopped)
            return;
        long due = Peer.NextTimeout;
        if (Route is { } route && _connecting is null && _untried.Length == 0 && !Peer.HasPath(route.Row.Transport))
            due = Math.Min(due, IsAwaitingName ? _watched!.PatienceEndsAt : Math.Max(_nextAttempt, _yieldUntil));
        if (HasNextAddress)
            due = Math.Min(due, _nextAddressAt);
        if (!_notHeardReported && Peer.KnownIncarnation == 0)
            due = Math.Min(due, _createdAt + NotHeardAfterMicros);
        // Output that is overdue after a flush waits until its link is writable; a timer in the past would spin.
        due = Math.Max(due, _loop.NowMicros + BlockedRetryMicros);
        // A timer is never moved later: that would cost a heap operation per cycle. Firing early is harmless.
        if (due != long.MaxValue && (!_timer.IsSet || due < _timer.Due))
            _timer.SetAt(due);
    }

    /// <summary>The link that <see cref="Attempt(Route)"/> requested is open.</summary>
    public void OnOpened(IForwardLink link)
    {
        if (!ReferenceEquals(link, _connecting))
        {
            link.Close();
            return;
        }

        _connecting = null;
        LinkSource source = LinkPlaces.SourceOf(link);
        if (_admission.FindIdentityMismatch(Peer.Node, link.Transport.Kind, source) is { } mismatch)
        {
            Peer.OnRefusedClaim(_loop.NowMicros, PeerEventKind.Refused, link.Transport.Kind, mismatch);
            link.Close();
            BackOff();
            Reschedule();
            return;
        }

        SessionPath path = SessionPath.Initiate(
            Peer,
            link.Transport.Kind,
            link.Traits,
            source,
            link.Index,
            link,
            _loop.NowMicros
        );
        link.Owner = path;
        path.Origin = _connectingFor;
        Peer.Add(path);
        JoinRace(path);
        _pump.Mark(this);
    }

    /// <summary>The link closed before it was open.</summary>
    public void OnConnectFailed(IForwardLink link, LinkClosure closure)
    {
        if (!ReferenceEquals(link, _connecting))
            return;
        _connecting = null;
        if (_untried.Length == 0)
            BackOff();
        if (link.Transport.Kind == Route?.Row.Transport)
        {
            _lastFailure = closure.Detail ?? closure.ToString();
            if (_fallback is { } fallback)
                UseFallback(fallback);
        }

        Reschedule();
    }

    public void OnPending() => _pump.Mark(this);

    public PathWay WayOf(SessionPath path) => new(path.Kind);

    public int RankOf(SessionPath path) =>
        path.Origin is Route route && !route.LeadsTo(Route) && !route.LeadsTo(_fallback) ? PathRank.Former
        : path.Kind == Route?.Row.Transport ? 0
        : PathRank.Unrouted;

    public void OnChanged(in PeerEvent change)
    {
        if (change.Kind == PeerEventKind.Narrow)
            return; // does not tell whether the peer is reached
        _lastKind = change.Kind;
        // The other texts are of no use later, and most peers of a large registry have one.
        _lastReason = change.Kind is PeerEventKind.Connected or PeerEventKind.PathChanged or PeerEventKind.NotHeard
            ? null
            : change.Reason;
        if (change.Kind is not (PeerEventKind.Connected or PeerEventKind.PathChanged))
            return;
        if (IsRacing)
            EvaluateSoon();
        if (change.Transport != Route?.Row.Transport)
            return;
        _lastFailure = null;
        _fallbackReported = false;
        _reportedObstacle = null;
    }

    public void OnPathFinished(SessionPath path)
    {
        _pump.End(path);
        bool wasEstablished = path.Id > 0;
        // The delay is reset only after a stable connection, so that a peer that keeps failing is not retried faster
        // than one that is absent.
        if (wasEstablished && _loop.NowMicros - path.OpenedAt >= StableAfterMicros)
            _retry = FirstRetryMicros;
        // A refusal was already reported with its reason. When both sides connect at once, one of the two paths is
        // closed while the peer is connected: that is not a failure.
        bool isUnanswered =
            path is { Id: 0, IsInitiator: true, Traits.ConnectionOriented: true } && path.Kind == Route?.Row.Transport;
        if (isUnanswered && Peer.State != PeerState.Connected && _lastKind != PeerEventKind.Refused)
            _lastFailure =
                $"{Place} accepts the connection but does not answer the handshake: "
                + "it may have no row for this node";
        // Handshakes of others that were given up delay no attempt of this node.
        if (!LeaveRace(path) && (wasEstablished || path.IsInitiator))
            BackOff(wasEstablished ? 0 : _loop.NowMicros - path.OpenedAt);
        Reschedule();
    }

    private void UseFallback(Route fallback)
    {
        if (!_fallbackReported)
            Peer.Notify(
                PeerEventKind.Unusable,
                Route!.Row.Transport,
                $"{_lastFailure}; its {fallback.Row.Transport} row is used until the route recovers"
            );
        _fallbackReported = true;
        if (!Peer.HasPath(fallback.Row.Transport))
            Attempt(fallback);
    }

    private void Attempt(Route route)
    {
        if (_transports.Find(route.Row.Transport) is not { } transport)
        {
            _nextAttempt = long.MaxValue; // reported when the route was set; transports are not added later
            return;
        }

        Attempt(route, transport);
    }

    private void Connect(Route route, IForwardTransport transport, EndPoint endPoint)
    {
        _connectingFor = route;
        _target = null;
        _connecting = transport.Connect(endPoint);
        _connecting.Owner = this;
    }

    // With another route over the same medium, established paths stay until the peer closes them as redundant to the
    // path over the new route. So a wrong address does not interrupt the traffic.
    private void LeaveInitiated(Route former, Route? replacement)
    {
        bool isReplaced = former.Row.Transport == replacement?.Row.Transport;
        foreach (SessionPath path in Peer.Paths.ToArray())
        {
            if (!path.IsInitiator || path.Kind != former.Row.Transport)
                continue;
            if (!isReplaced || !path.IsEstablished)
                path.Close(_loop.NowMicros, Session.Wire.CloseReason.RouteChanged, "the route changed");
        }
    }

    // A handshake that the peer has begun makes an attempt superfluous. It may be a stranger's: it is waited for once,
    // and not for long.
    private bool IsYielding(TransportKind kind)
    {
        if (!Peer.IsAnswering(kind))
            _yieldUntil = 0;
        else if (_yieldUntil == 0)
            _yieldUntil = _loop.NowMicros + YieldMicros;
        return _loop.NowMicros < _yieldUntil;
    }

    private void DropAttempt()
    {
        _connecting?.Close();
        _connecting = null;
    }

    // For events that are raised while the session or a transport is at work.
    private void EvaluateSoon()
    {
        long soon = _loop.NowMicros + BlockedRetryMicros;
        if (!_timer.IsSet || soon < _timer.Due)
            _timer.SetAt(soon);
    }

    // Each delay is at least as long as the attempt before it: over a medium without connections it lasts until its
    // INITs are given up.
    private void BackOff(long attempt = 0)
    {
        _retry = Math.Max(_retry, Math.Min(attempt, RetryLimitMicros));
        _nextAttempt = _loop.NowMicros + _retry + Peer.Random.Jitter(_retry / 4);
        _retry = Math.Min(_retry * 2, RetryLimitMicros);
    }

    private void OnTimer()
    {
        if (_loop.NowMicros >= Peer.NextTimeout)
            Peer.OnTimeout(_loop.NowMicros);
        Evaluate();
    }
}
