using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>The end of an association, and the expiry of messages that wait for a path.</content>
internal sealed partial class Peer
{
    /// <summary>Ends the association and sends CLOSE on each of its established paths.</summary>
    public void Close(long now, CloseReason reason, string because, UndeliveredReason undelivered)
    {
        ForgetChoice(); // closing the paths one by one must not select and report another one
        // CLOSE is sent on every path: the peer may have closed one of them as redundant at the same moment.
        foreach (SessionPath path in _paths.ToArray())
            path.Close(now, reason, because, association: _association.Owns(path));

        Terminate(now, PeerEventKind.Lost, StreamEndReason.PeerLost, undelivered, because);
    }

    public void OnCloseReceived(SessionPath path, long now, bool association, CloseReason reason)
    {
        bool endsAssociation = association && IsStrongest(path);
        string because = $"closed by the peer: {reason}";
        // The association ends before its path does: a path that is lost would be reported first, as if it had failed.
        if (endsAssociation)
            Terminate(
                now,
                PeerEventKind.Lost,
                StreamEndReason.PeerLost,
                UndeliveredReason.PeerLost,
                $"the peer closed: {reason}",
                isPlanned: reason == CloseReason.Stopping
            );
        if (_paths.Contains(path))
            path.Finish(now, because);
    }

    // The association is replaced first, so that calls from inside callbacks use the new one.
    private void Terminate(
        long now,
        PeerEventKind kind,
        StreamEndReason streamEnd,
        UndeliveredReason undelivered,
        string because,
        bool isPlanned = false
    )
    {
        Association old = _association;
        _association = NewAssociation();
        _silentSince = long.MaxValue;
        _waitingSince = long.MaxValue;
        ForgetChoice();
        _overlapPath = null;
        _overlapUntil = long.MaxValue;
        _startedAt = long.MaxValue;
        _ackPath = null;
        _remoteClock = default; // the next association may be with another process
        foreach (SessionPath path in _paths.ToArray())
        {
            if (old.Owns(path) && path.Phase != PathPhase.Closing)
                path.Finish(now, because);
        }

        _pings?.OnAssociationEnded(now); // also on paths that are still closing, which read no replies

        old.FailAll(now, undelivered, streamEnd);
        RecordState(now);
        if (old.IsUp)
            Notify(kind, null, because, isPlanned);
        // Last: a handler that sends again uses the new association, so the end of the old one must be reported before.
        old.NotifyAllWaiting();
        Driver.OnPending();
    }

    private void ForgetChoice()
    {
        SendPath = null;
        ReliablePath = null;
        SecondPath = null;
        RepeatPath = null;
    }

    private void CloseOnViolation(SessionPath path, long now)
    {
        Statistics.Malformed();
        path.Close(now, CloseReason.ProtocolViolation, "the peer exceeded its credit or the limit of pending replies");
    }

    // Before the peer is connected, reliable messages expire after DeadAfter and are reported as undelivered. Senders
    // that wait for room are notified too.
    private void UpdateWaiting(long now)
    {
        if (_association.IsUp || !_association.HasWaitingReliable)
            _waitingSince = long.MaxValue;
        else if (_waitingSince == long.MaxValue)
            _waitingSince = now;
    }
}
