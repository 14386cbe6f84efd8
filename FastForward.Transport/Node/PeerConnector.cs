using System.Net;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Keeps a path of the routed kind open towards one peer: connects, waits longer after each failure, looks host names up,
/// and drives the peer's time-outs.
/// </summary>
internal sealed class PeerConnector : IPeerDriver
{
    private const long FirstRetryMicros = 50_000;
    private const long HostLocalRetryLimitMicros = 1_000_000;
    private const long RetryLimitMicros = 5_000_000;
    private const long StableAfterMicros = 5_000_000;
    private const long NotHeardAfterMicros = 10_000_000;
    private const long BlockedRetryMicros = 1_000;
    private static readonly TimeSpan s_lookUpLimit = TimeSpan.FromSeconds(5);

    private readonly ForwardLoop _loop;
    private readonly TransportSet _transports;
    private readonly FramePump _pump;
    private readonly LoopTimer _timer;
    private readonly long _since;

    private Route? _fallback;
    private IForwardLink? _connecting;
    private bool _lookingUp;
    private bool _stopped;
    private bool _notHeardReported;
    private long _retry = FirstRetryMicros;
    private long _nextAttempt;
    private long _openedAt;
    private int _generation;
    private string? _lastFailure; // of the routed medium
    private bool _fallbackReported;
    private PeerEvent? _lastChange;

    public PeerConnector(Peer peer, ForwardLoop loop, TransportSet transports, FramePump pump)
    {
        Peer = peer;
        _loop = loop;
        _transports = transports;
        _pump = pump;
        _timer = loop.CreateTimer(OnTimer);
        _since = loop.NowMicros;
    }

    public Peer Peer { get; }

    /// <summary>The peer is in the queue of <see cref="FramePump"/>.</summary>
    public bool IsMarked { get; set; }

    /// <summary>What is known of the peer now.</summary>
    public PeerStatus Status
    {
        get
        {
            PeerStatistics statistics = Peer.Statistics;
            return new PeerStatus
            {
                Node = Peer.Node,
                State = Peer.State,
                InState = TimeSpan.FromMicroseconds(_loop.NowMicros - Math.Max(Peer.StateSince, _since)),
                Reason = Peer.State == PeerState.Connected ? DetourReason : Reason,
                Paths = PathStatuses(),
                UnacknowledgedBytes = Peer.Association.Sender.StoredBytes,
                SendStoreBytes = Peer.Options.SendStoreBytes,
                Incarnation = Peer.KnownIncarnation,
                MessagesSent = statistics.MessagesSent,
                PayloadBytesSent = statistics.BytesSent,
                MessagesReceived = statistics.MessagesReceived,
                PayloadBytesReceived = statistics.BytesReceived,
                UndeliveredMessages = statistics.UndeliveredMessages,
                SkippedMessages = statistics.SkippedMessages,
                DroppedMessages = statistics.DroppedMessages,
            };
        }
    }

    /// <summary>The way to the peer; null when only the peer comes to us.</summary>
    public Route? Route { get; private set; }

    /// <param name="route">The way to the peer.</param>
    /// <param name="fallback">The way of another transport while that one cannot be connected; null when there is none.</param>
    public void SetRoute(Route? route, Route? fallback)
    {
        Route? former = _fallback;
        _fallback = fallback;
        if (former is not null && !Equals(former, fallback) && former.Row.Transport != route?.Row.Transport)
            CloseInitiated(former.Row.Transport);
        if (Equals(Route, route))
        {
            Reschedule(); // no route from the start: the peer may come to us, and if it does not, that is told
            return;
        }

        Route? before = Route;
        if (route is not null)
            _lastChange = null; // what was told of the former route
        Route = route;
        _generation++;
        Peer.Prefer(_loop.NowMicros, route?.Row.Transport);
        DropAttempt();
        if (before is not null && before.Row.Transport == route?.Row.Transport)
            CloseInitiated(before.Row.Transport);

        _retry = FirstRetryMicros;
        _nextAttempt = _loop.NowMicros;
        _lastFailure = null;
        _fallbackReported = false;
        Evaluate();
    }

    public void Stop()
    {
        _stopped = true;
        DropAttempt();
        _timer.Cancel();
    }

    /// <summary>Connects if a path is wanted, none is there or on its way, and the time has come.</summary>
    public void Evaluate()
    {
        if (_stopped)
            return;
        if (
            Route is { } route
            && _connecting is null
            && !_lookingUp
            && !Peer.HasPath(route.Row.Transport)
            && _loop.NowMicros >= _nextAttempt
        )
            Attempt(route);
        if (!_notHeardReported && Peer.KnownIncarnation == 0 && _loop.NowMicros - _since >= NotHeardAfterMicros)
        {
            _notHeardReported = true;
            Peer.Notify(PeerEventKind.NotHeard, Route?.Row.Transport, NotHeardReason);
        }

        Reschedule();
    }

    /// <summary>Sees to it that the timer fires no later than the peer needs it.</summary>
    public void Reschedule()
    {
        if (_stopped)
            return;
        long due = Peer.NextTimeout;
        if (Route is { } route && _connecting is null && !_lookingUp && !Peer.HasPath(route.Row.Transport))
            due = Math.Min(due, _nextAttempt);
        if (!_notHeardReported && Peer.KnownIncarnation == 0)
            due = Math.Min(due, _since + NotHeardAfterMicros);
        // What is due and still unwritten after a flush waits for its link to take it, not for time.
        due = Math.Max(due, _loop.NowMicros + BlockedRetryMicros);
        // Moving a timer back would cost a heap operation per cycle; an early one only looks and sleeps again.
        if (due != long.MaxValue && (!_timer.IsSet || due < _timer.Due))
            _timer.SetAt(due);
    }

    /// <summary>The link that <see cref="Attempt(Route)"/> asked for is open.</summary>
    public void OnOpened(IForwardLink link)
    {
        if (!ReferenceEquals(link, _connecting))
        {
            link.Close();
            return;
        }

        _connecting = null;
        _openedAt = _loop.NowMicros;
        SessionPath path = SessionPath.Initiate(
            Peer,
            link.Transport.Kind,
            link.Traits,
            link.Index,
            link,
            _loop.NowMicros
        );
        link.Owner = path;
        Peer.Add(path);
        _pump.Mark(this);
    }

    /// <summary>The link closed before it was open.</summary>
    public void OnConnectFailed(IForwardLink link, LinkClosure closure)
    {
        if (!ReferenceEquals(link, _connecting))
            return;
        _connecting = null;
        BackOff();
        if (link.Transport.Kind == Route?.Row.Transport)
        {
            _lastFailure = closure.ToString();
            if (_fallback is { } fallback)
                UseFallback(fallback);
        }

        Reschedule();
    }

    public void OnPending() => _pump.Mark(this);

    public void OnChanged(in PeerEvent change)
    {
        _lastChange = change;
        bool isOnRoute =
            change.Kind is PeerEventKind.Connected or PeerEventKind.PathChanged
            && change.Transport == Route?.Row.Transport;
        if (!isOnRoute)
            return;
        _lastFailure = null;
        _fallbackReported = false;
    }

    public void OnPathFinished(SessionPath path)
    {
        _pump.End(path);
        // A peer that is met and lost again and again is not met more often than one that is not there.
        if (path.EstablishedOrder > 0 && _loop.NowMicros - _openedAt >= StableAfterMicros)
            _retry = FirstRetryMicros;
        // A refusal has told its reason itself, and of two crossed links one is given up.
        bool isUnanswered =
            path is { EstablishedOrder: 0, IsInitiator: true, Traits.ConnectionOriented: true }
            && path.Kind == Route?.Row.Transport;
        if (isUnanswered && Peer.State != PeerState.Connected && _lastChange?.Kind != PeerEventKind.Refused)
            _lastFailure =
                $"{Route!.EndPoint} takes the connection, but does not answer the handshake: it may have no row for this node";
        BackOff();
        Reschedule();
    }

    private PathStatus[] PathStatuses()
    {
        PathStatus[] statuses = new PathStatus[Peer.Paths.Count];
        for (int i = 0; i < statuses.Length; i++)
        {
            statuses[i] = StatusOf(Peer.Paths[i]);
            if (statuses[i].IsInUse)
                (statuses[0], statuses[i]) = (statuses[i], statuses[0]);
        }

        return statuses;
    }

    private PathStatus StatusOf(SessionPath path) =>
        new()
        {
            Transport = path.Kind,
            State = path.State,
            IsInUse = ReferenceEquals(path, Peer.SendPath),
            Age = TimeSpan.FromMicroseconds(_loop.NowMicros - path.OpenedAt),
            RoundTrip =
                path.Measurement.SmoothedRoundTrip > 0
                    ? TimeSpan.FromMicroseconds(path.Measurement.SmoothedRoundTrip)
                    : null,
            Jitter = TimeSpan.FromMicroseconds(path.Measurement.Jitter),
            LossRatio = path.Arrivals.LossRatio,
            ReorderedRatio = path.Arrivals.ReorderedRatio,
            FramesReceived = path.Arrivals.Received,
            FramesLost = path.Arrivals.Lost,
            FramesReordered = path.Arrivals.Reordered,
            FramesSent = path.FramesSent,
            ProbesMissed = path.Prober.Missed,
        };

    // Why no message flows: what happened to the peer last, and how the last attempt to reach it ended.
    private string Reason
    {
        get
        {
            string? told = _lastChange
                is { Kind: not (PeerEventKind.Connected or PeerEventKind.PathChanged or PeerEventKind.NotHeard) } change
                ? change.Reason
                : null;
            if (_lastFailure is { } failure)
                return told is null ? failure : $"{told}; {failure}";
            return told
                ?? (Route is { } route ? $"no answer from {route.EndPoint} yet" : "its route cannot be used from here");
        }
    }

    // The messages flow, and not where the row says.
    private string? DetourReason =>
        _lastFailure is { } failure
        && Route is { } route
        && Peer.SendPath is { } path
        && path.Kind != route.Row.Transport
            ? $"reached over {path.Kind}, because its {route.Row.Transport} route fails: {failure}"
            : null;

    private string NotHeardReason =>
        Route is { } route
            ? $"no answer for {NotHeardAfterMicros / 1_000_000} s from {route.EndPoint}{(_lastFailure is { } failure ? $" ({failure})" : "")}; trying on"
            : $"nothing for {NotHeardAfterMicros / 1_000_000} s, and its route cannot be used from here";

    private void UseFallback(Route fallback)
    {
        if (!_fallbackReported)
            Peer.Notify(
                PeerEventKind.Unusable,
                Route!.Row.Transport,
                $"{_lastFailure}; its {fallback.Row.Transport} row is used until that changes"
            );
        _fallbackReported = true;
        if (!Peer.HasPath(fallback.Row.Transport))
            Attempt(fallback);
    }

    private void Attempt(Route route)
    {
        if (_transports.Find(route.Row.Transport) is not { } transport)
        {
            _nextAttempt = long.MaxValue; // told when the route was set; transports do not appear later
            return;
        }

        if (route.EndPoint is DnsEndPoint name)
        {
            LookUp(name, transport);
            return;
        }

        Connect(transport, route.EndPoint);
    }

    private void Connect(IForwardTransport transport, EndPoint endPoint)
    {
        _connecting = transport.Connect(endPoint);
        _connecting.Owner = this;
    }

    private void LookUp(DnsEndPoint name, IForwardTransport transport)
    {
        _lookingUp = true;
        int generation = _generation;
        // Nothing else is tried meanwhile.
        Dns.GetHostAddressesAsync(name.Host)
            .WaitAsync(s_lookUpLimit)
            .ContinueWith(
                task => _loop.Post(() => OnLookedUp(generation, task, name, transport)),
                CancellationToken.None,
                TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
    }

    private void OnLookedUp(int generation, Task<IPAddress[]> lookup, DnsEndPoint name, IForwardTransport transport)
    {
        // Reading the exception marks it as seen, also when the answer comes too late to matter.
        string? failure = lookup.Exception?.GetBaseException() switch
        {
            null => null,
            TimeoutException => $"no answer of the resolver within {s_lookUpLimit.TotalSeconds} s",
            Exception exception => exception.Message,
        };
        _lookingUp = false;
        if (_stopped || generation != _generation)
        {
            Evaluate();
            return;
        }

        IPAddress? address = failure is null
            ? lookup.Result.FirstOrDefault(candidate =>
                !candidate.Equals(IPAddress.Any)
                && !candidate.Equals(IPAddress.IPv6Any)
                && transport.LocalEndPoints.Any(local => local.AddressFamily == candidate.AddressFamily)
            )
            : null;
        if (address is null)
        {
            Peer.Notify(
                PeerEventKind.Unusable,
                transport.Kind,
                $"host name \"{name.Host}\": {failure ?? "no address of a family this machine has"}"
            );
            BackOff();
        }
        else
        {
            Connect(transport, new IPEndPoint(address, name.Port));
        }

        Reschedule();
    }

    private void CloseInitiated(TransportKind kind)
    {
        foreach (SessionPath path in Peer.Paths.ToArray())
        {
            if (path.IsInitiator && path.Kind == kind)
                path.Close(_loop.NowMicros, Session.Wire.CloseReason.RouteChanged, "the route changed");
        }
    }

    private void DropAttempt()
    {
        _connecting?.Close();
        _connecting = null;
    }

    private void BackOff()
    {
        long limit = Route?.Row.Transport is TransportKind.Socket or TransportKind.VSocket
            ? HostLocalRetryLimitMicros
            : RetryLimitMicros;
        _nextAttempt = _loop.NowMicros + _retry + Peer.Jitter(_retry / 4);
        _retry = Math.Min(_retry * 2, limit);
    }

    private void OnTimer()
    {
        if (_loop.NowMicros >= Peer.NextTimeout)
            Peer.OnTimeout(_loop.NowMicros);
        Evaluate();
    }
}
