using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;

namespace FastForward.Transport.Node;

/// <summary>
/// Keeps the paths to one peer: one <see cref="PathConnector"/> for each candidate, all at once, so that another path
/// is there before it is needed. Drives the peer's time-outs. Confined to the loop thread.
/// </summary>
internal sealed partial class PeerConnector : IPeerDriver
{
    private const long NotHeardAfterMicros = 10_000_000;
    private const long BlockedRetryMicros = 1_000;

    private readonly LoopTimer _timer;
    private readonly long _createdAt;

    private bool _stopped;
    private bool _notHeardReported;
    private bool _fallbackReported;
    private PeerEventKind? _lastKind; // of the last event about the peer
    private string? _lastReason;

    public PeerConnector(Peer peer, ConnectorEnvironment environment)
    {
        Peer = peer;
        Environment = environment;
        _timer = environment.Loop.CreateTimer(static connector => ((PeerConnector)connector).OnTimer(), this);
        _createdAt = environment.Loop.NowMicros;
    }

    public Peer Peer { get; }

    public ConnectorEnvironment Environment { get; }

    /// <summary>Whether the peer is queued in <see cref="FramePump"/>.</summary>
    public bool IsMarked { get; set; }

    private long Now => Environment.Loop.NowMicros;

    /// <summary>
    /// Sets the routes to the peer that can be used, in falling precedence, and the key to prove on them, 0 for none.
    /// No route when only the peer can connect.
    /// </summary>
    public void SetRoutes(IReadOnlyList<Route> routes, uint keyId)
    {
        if (!HasSame(routes) || keyId != _keyId)
        {
            Route? before = Preferred;
            Unwatch();
            _routes = routes;
            _keyId = keyId;
            if (Preferred is { } preferred && !preferred.LeadsTo(before))
            {
                (_lastKind, _lastReason) = (null, null); // they concerned the former route
                _fallbackReported = false;
            }

            Watch();
            FindCandidates();
        }

        Evaluate(); // also without a route: schedules the report that the peer has not connected
    }

    public void Stop()
    {
        _stopped = true;
        Unwatch();
        _routes = [];
        foreach (PathConnector connector in _connectors)
            connector.Leave();
        _connectors = [];
        _timer.Cancel();
    }

    /// <summary>
    /// Connects what has no path and is due, and reports a peer that was never heard from.
    /// </summary>
    public void Evaluate()
    {
        if (_stopped)
            return;
        if (Now >= DiscoveryDue)
            FindCandidates();
        foreach (PathConnector connector in _connectors)
            connector.Evaluate();
        if (!_notHeardReported && Peer.KnownIncarnation == 0 && Now - _createdAt >= NotHeardAfterMicros)
        {
            _notHeardReported = true;
            Peer.Notify(PeerEventKind.NotHeard, Preferred?.Row.Transport, NotHeardReason);
        }

        Reschedule();
    }

    /// <summary>Sets the timer to the next time at which the peer needs it, or earlier.</summary>
    public void Reschedule()
    {
        if (_stopped)
            return;
        long due = Math.Min(Peer.NextTimeout, DiscoveryDue);
        foreach (PathConnector connector in _connectors)
            due = Math.Min(due, connector.Due);
        if (!_notHeardReported && Peer.KnownIncarnation == 0)
            due = Math.Min(due, _createdAt + NotHeardAfterMicros);
        // Output that is overdue after a flush waits until its link is writable; a timer in the past would spin.
        due = Math.Max(due, Now + BlockedRetryMicros);
        // A timer is never moved later: that would cost a heap operation per cycle. Firing early is harmless.
        if (due != long.MaxValue && (!_timer.IsSet || due < _timer.Due))
            _timer.SetAt(due);
    }

    public void OnPending() => Environment.Pump.Mark(this);

    public void OnChanged(in PeerEvent change)
    {
        if (change.Kind is PeerEventKind.Narrow or PeerEventKind.Moved or PeerEventKind.Silent)
            return; // does not tell whether the peer is reached
        _lastKind = change.Kind;
        // The other texts are of no use later, and most peers of a large registry have one.
        _lastReason = change.Kind is PeerEventKind.Connected or PeerEventKind.PathChanged or PeerEventKind.NotHeard
            ? null
            : change.Reason;
        if (change.Kind is not (PeerEventKind.Connected or PeerEventKind.PathChanged))
            return;
        foreach (PathConnector connector in _connectors)
        {
            if (!connector.IsFulfilled)
                continue;
            connector.OnReached();
            _fallbackReported &= !IsPreferred(connector);
        }
    }

    public void OnPathFinished(SessionPath path)
    {
        Environment.Pump.End(path);
        foreach (PathConnector connector in _connectors)
            connector.OnPathFinished(path);
        Reschedule();
    }

    /// <summary>An attempt over the candidate has failed.</summary>
    public void OnFailed(PathConnector connector)
    {
        if (!_fallbackReported && IsPreferred(connector) && Fallback is { } fallback)
        {
            _fallbackReported = true;
            Peer.Notify(
                PeerEventKind.Unusable,
                connector.Candidate.Kind,
                $"{connector.Failure}; its {fallback.Row.Transport} row is used until the route recovers"
            );
        }

        Reschedule();
    }

    private void OnTimer()
    {
        if (Now >= Peer.NextTimeout)
            Peer.OnTimeout(Now);
        Evaluate();
    }
}
