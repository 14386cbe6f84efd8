using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>The paths to the peer: which one messages and acknowledgements take, and which ones are too many.</content>
internal sealed partial class Peer
{
    private const int MaxDraining = 4;

    /// <summary>There is a path of a kind, sound or on its way to it: no other needs to be opened.</summary>
    public bool HasPath(TransportKind kind)
    {
        foreach (SessionPath path in _paths)
        {
            if (path.Kind == kind && (path.IsSound || path.Phase is PathPhase.Initiating or PathPhase.Answering))
                return true;
        }

        return false;
    }

    /// <summary>Another path may go on reading for a while: a peer that opens one after the other does not keep them all.</summary>
    public bool MayDrain => _paths.Count(static path => path.Phase == PathPhase.Draining) < MaxDraining;

    public void Add(SessionPath path) => _paths.Add(path);

    /// <summary>The path that answered a certain INIT; null when none did.</summary>
    public SessionPath? FindAnswer(uint senderIndex, ulong incarnation)
    {
        foreach (SessionPath path in _paths)
        {
            if (!path.IsInitiator && path.RemoteIndex == senderIndex && path.PeerIncarnation == incarnation)
                return path;
        }

        return null;
    }

    public void OnSuspect(SessionPath path, long now)
    {
        ChoosePath(
            now,
            PeerEventKind.PathChanged,
            $"{path.Kind} path: {PathProber.SuspectAfter} probes went unanswered"
        );
        CloseRedundant(path.Kind, now);
    }

    public void OnSound(SessionPath path, long now)
    {
        // Without any other reliable path, grants took one meanwhile that may have lost them.
        if (path.IsReliable)
            _association.Receiver.RepeatGrants(now);
        ChoosePath(now, PeerEventKind.PathChanged, $"{path.Kind} path answers again");
        CloseRedundant(path.Kind, now);
    }

    /// <summary>The local route asks for another medium.</summary>
    public void Prefer(long now, TransportKind? kind)
    {
        if (Preferred == kind)
            return;
        Preferred = kind;
        if (_paths.Count > 0)
            ChoosePath(now, PeerEventKind.PathChanged, "the route asks for another medium");
    }

    public void OnPathLost(SessionPath path, long now)
    {
        if (ReferenceEquals(path, _ackPath))
            _ackPath = null;
        if (ReferenceEquals(path, SendPath))
            ChoosePath(now, PeerEventKind.PathChanged, $"{path.Kind} path ended: {path.EndReason}");
        // With a survivor gone, of several others another one survives, and it may be up to this end now.
        CloseRedundant(path.Kind, now);
        Driver.OnPending();
    }

    public void OnPathFinished(SessionPath path, long now)
    {
        _paths.Remove(path);
        Pings.OnPathFinished(path, now);
        Driver.OnPathFinished(path);
        OnPathLost(path, now);
        // Acknowledgements may have been lost with it even if messages had moved to another one: late repetitions that it
        // brought drew them over to it.
        if (!path.IsReliable || path.EstablishedOrder == 0)
            return;
        _association.Receiver.RepeatGrants(now);
        if (SendPath is { IsReliable: true })
            _association.Sender.Rewind();
    }

    private void ChoosePath(long now, PeerEventKind kind, string reason)
    {
        if (!_association.IsUp)
            return;
        SessionPath? before = SendPath;
        bool wasSound = _silentSince == long.MaxValue && before is not null;
        SendPath = PathChoice.Best(_paths, _association, Preferred);

        bool isSound = SendPath is { IsSound: true };
        if (isSound)
            _silentSince = long.MaxValue;
        else if (_silentSince == long.MaxValue)
            _silentSince = now;

        // What the former path still carries may arrive after what this one brings: the new one repeats it all, in order.
        if (SendPath is { IsReliable: true } && !ReferenceEquals(SendPath, before))
            _association.Sender.Rewind();
        UpdateWaiting(now);
        NoteState(now);

        if (kind == PeerEventKind.Connected)
            Notify(kind, SendPath?.Kind, reason);
        else if (isSound && (!wasSound || !ReferenceEquals(SendPath, before)))
            Notify(PeerEventKind.PathChanged, SendPath!.Kind, reason);
        else if (!isSound && wasSound)
            Notify(PeerEventKind.Suspect, before!.Kind, reason);
        Driver.OnPending();
    }

    // One path of a kind is enough. The end that answered the survivor closes the others: it alone knows that the
    // survivor's handshake is confirmed at both ends.
    private void CloseRedundant(TransportKind kind, long now)
    {
        SessionPath? survivor = PathChoice.Best(_paths.Where(path => path.Kind == kind), _association, Preferred);
        if (survivor is null || survivor.IsInitiator)
            return;
        foreach (SessionPath path in _paths.ToArray())
        {
            if (path.Kind == kind && path.IsEstablished && !ReferenceEquals(path, survivor))
                path.Close(now, CloseReason.Redundant, "another link to the same peer survives");
        }
    }

    // Acknowledgements go back on the path that brings the messages: if it dies with them, the sender's repetition brings
    // new ones. On any other path a loss would go unnoticed at the sender.
    private SessionPath? AckPath =>
        _ackPath ?? (SendPath is { IsReliable: false } ? ReliablePath ?? SendPath : SendPath);

    private SessionPath? ReliablePath
    {
        get
        {
            foreach (SessionPath path in _paths)
            {
                if (path.IsReliable && path.IsSound && _association.Owns(path))
                    return path;
            }

            return null;
        }
    }

    // What a dying path still brings may come after what the sender repeats on the next one. The newer frame tells which
    // path the sender uses now; within one of its duty cycles it can only have moved to the newer path.
    private void AnswerOn(SessionPath path)
    {
        if (!path.IsEstablished)
            return; // it only brings what is left
        int age = (int)(path.LastTimestamp - _ackTimestamp);
        if (_ackPath is { } current && (age < 0 || (age == 0 && path.EstablishedOrder < current.EstablishedOrder)))
            return;
        _ackPath = path;
        _ackTimestamp = path.LastTimestamp;
    }
}
