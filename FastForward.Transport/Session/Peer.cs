using System.Globalization;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// Another node as this one sees it: its association, the paths to it, and the choice between them. Pure state, like
/// everything in this folder: time, frames and randomness come in through the calls.
/// </summary>
internal sealed partial class Peer
{
    private readonly ISessionEvents _events;
    private readonly MessageMemory _memory;
    private readonly KeptCredit _kept = new();
    private readonly List<SessionPath> _paths = [];

    private Association _association;
    private uint _lastEpoch;
    private long _silentSince = long.MaxValue;
    private long _waitingSince = long.MaxValue;
    private long _establishments;
    private SessionPath? _ackPath;
    private uint _ackTimestamp;
    private readonly IdClaim _claim = new();
    private PeerState _notedState = PeerState.Connecting;

    /// <param name="node">The peer's id.</param>
    /// <param name="options">Settings.</param>
    /// <param name="events">Where events go.</param>
    /// <param name="total">The node's counters.</param>
    /// <param name="memory">Messages and buffers for reuse.</param>
    /// <param name="jitter">A random number from 0 to its argument.</param>
    /// <param name="drivers">Creates the owner of the peer.</param>
    /// <param name="lastEpoch">The last epoch that this process used with the node; 0 for none.</param>
    public Peer(
        uint node,
        SessionOptions options,
        ISessionEvents events,
        NodeStatistics total,
        MessageMemory memory,
        Func<long, long> jitter,
        IPeerDriverFactory drivers,
        uint lastEpoch = 0
    )
    {
        _lastEpoch = lastEpoch;
        Node = node;
        Options = options;
        Statistics = new PeerStatistics(node, total);
        Jitter = jitter;
        Pings = new Pings(node, events);
        _events = events;
        _memory = memory;
        _association = NewAssociation();
        Driver = drivers.Create(this);
    }

    public uint Node { get; }

    public SessionOptions Options { get; }

    public PeerStatistics Statistics { get; }

    /// <summary>Probes that were asked for.</summary>
    public Pings Pings { get; }

    /// <summary>Since when <see cref="State"/> is what it is; -1 when it never changed.</summary>
    public long StateSince { get; private set; } = -1;

    /// <summary>A random number from 0 to its argument.</summary>
    public Func<long, long> Jitter { get; }

    /// <summary>The medium that the local route asks for; null without a route.</summary>
    public TransportKind? Preferred { get; private set; }

    /// <summary>The last epoch in which there was an association; 0 for none.</summary>
    public uint LastEpoch => _lastEpoch;

    /// <summary>The path that messages to the peer take; null when there is none.</summary>
    public SessionPath? SendPath { get; private set; }

    public IReadOnlyList<SessionPath> Paths => _paths;

    public Association Association => _association;

    /// <summary>The owner of the peer.</summary>
    public IPeerDriver Driver { get; }

    public PeerState State =>
        !_association.IsUp ? PeerState.Connecting
        : SendPath is { IsSound: true } ? PeerState.Connected
        : PeerState.Suspect;

    /// <summary>The incarnation of the association, else of the last one; 0 when the peer was never heard.</summary>
    public ulong KnownIncarnation { get; private set; }

    /// <summary>The epoch that a new handshake asks for: that of the living association, or the next one.</summary>
    public uint ProposedEpoch => _association.IsUp ? _association.Epoch : EpochOrder.After(_lastEpoch);

    /// <summary>When <see cref="OnTimeout"/> has something to do; long.MaxValue for never.</summary>
    public long NextTimeout
    {
        get
        {
            long next = AckPath is { IsBlocked: false } ? _association.Receiver.OutputDue : long.MaxValue;
            next = Math.Min(next, Pings.NextTimeout);
            if (_silentSince != long.MaxValue)
                next = Math.Min(next, _silentSince + Options.DeadAfter);
            if (_waitingSince != long.MaxValue)
                next = Math.Min(next, _waitingSince + Options.DeadAfter);
            foreach (SessionPath path in _paths)
                next = Math.Min(next, path.NextTimeout);
            return next;
        }
    }

    public SendResult Send(long now, ulong stream, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end)
    {
        if (messageClass == MessageClass.RealTime && SendPath is null)
            return new SendResult(SendStatus.NotConnected, 0);
        if (messageClass == MessageClass.Reliable && SendPath is { IsReliable: false })
            return new SendResult(SendStatus.Unsupported, 0);
        SendResult result = _association.Sender.Send(now, stream, messageClass, payload, end);
        if (SendPath is not { IsReliable: true })
            UpdateWaiting(now);
        if (!result.IsAccepted)
            return result;
        Statistics.Sent(payload.Length);
        Driver.OnPending();
        return result;
    }

    public SendStatus EndStream(long now, ulong stream) => ScheduleOutput(_association.Sender.End(now, stream));

    public void RefuseStream(long now, ulong stream)
    {
        _association.Receiver.Refuse(now, stream);
        Driver.OnPending();
    }

    /// <summary>Gives held credit back; that of a dead association makes room for the living one.</summary>
    public void ReleaseCredit(long now, in MessageCredit credit, int bytes)
    {
        credit.Owner!.Release(now, credit.Stream!, bytes);
        if (!ReferenceEquals(credit.Owner, _association.Receiver))
            _association.Receiver.OnFormerReleased(now, bytes);
        Driver.OnPending();
    }

    public SendStatus ResetStream(long now, ulong stream, uint code) =>
        ScheduleOutput(_association.Sender.Reset(now, stream, code));

    /// <summary>Sends a probe on each of the association's paths, the suspect ones too.</summary>
    /// <param name="now">The time.</param>
    /// <param name="timeout">How long each may take, in microseconds.</param>
    /// <param name="size">Bytes to fill each up with.</param>
    /// <param name="callback">Told of the end of each.</param>
    public PingStart Ping(long now, long timeout, int size, Action<PingResult> callback)
    {
        int paths = 0;
        foreach (SessionPath path in _paths)
            paths += path.IsEstablished && _association.Owns(path) ? 1 : 0;
        if (paths == 0)
            return new PingStart(PingStatus.NotConnected, 0);
        if (!Pings.HasRoomFor(paths))
            return new PingStart(PingStatus.TooManyOutstanding, 0);
        foreach (SessionPath path in _paths)
        {
            if (path.IsEstablished && _association.Owns(path))
                Pings.Send(path, now, timeout, size, callback);
        }

        Driver.OnPending();
        return new PingStart(PingStatus.Started, paths);
    }

    /// <summary>
    /// Whether a process that claims the peer's node id may be talked to now. When another one is alive under that id,
    /// that one is challenged; the claimant has to come again when the challenge is over.
    /// </summary>
    public bool Admits(long now, ulong incarnation)
    {
        if (!_association.IsUp || incarnation == _association.PeerIncarnation)
            return true;
        bool isHeld = false;
        foreach (SessionPath path in _paths)
        {
            if (!path.IsSound || !_association.Owns(path))
                continue;
            isHeld = true;
            if (!IsRefuted(now, incarnation))
                path.Prober.Challenge(now);
        }

        if (!isHeld)
            return true;
        _claim.Begin(now, incarnation);
        Driver.OnPending();
        return false;
    }

    /// <summary>The claimant met a living holder of the id a short while ago.</summary>
    public bool IsRefuted(long now, ulong incarnation) => _claim.IsRefuted(now, incarnation);

    /// <summary>
    /// The epoch to answer an INIT with. An INIT that names the epoch of an association with another life of ours can only
    /// mean the one after it: so it meets the answer that the same peer gives to our own INIT.
    /// </summary>
    public uint EpochFor(in Handshake init)
    {
        bool meansOurselves = init.PeerIncarnation == 0 || init.PeerIncarnation == Options.Incarnation;
        bool isHeld = _association.IsUp && init.Incarnation == _association.PeerIncarnation;
        return EpochOrder.Newest(
            meansOurselves ? init.Epoch : EpochOrder.After(init.Epoch),
            isHeld ? _association.Epoch : EpochOrder.After(_lastEpoch)
        );
    }

    public bool HasOutput(SessionPath path, long now) =>
        (ReferenceEquals(path, SendPath) && _association.Sender.HasOutput(path.IsReliable))
        || (now >= _association.Receiver.OutputDue && ReferenceEquals(path, AckPath));

    /// <summary>Acknowledgements, credit and messages, on the path that was chosen for them.</summary>
    public void WriteContent(SessionPath path, long now, ref FrameWriter frame)
    {
        if (ReferenceEquals(path, AckPath))
            _association.Receiver.Write(ref frame);
        if (ReferenceEquals(path, SendPath))
            _association.Sender.Write(now, path.IsReliable, ref frame);
    }

    public void OnTimeout(long now)
    {
        for (int i = _paths.Count - 1; i >= 0; i--)
        {
            if (i < _paths.Count && now >= _paths[i].NextTimeout)
                _paths[i].OnTimeout(now);
        }

        Pings.OnTimeout(now);
        if (_silentSince != long.MaxValue && now - _silentSince >= Options.DeadAfter)
            Terminate(
                now,
                PeerEventKind.Lost,
                StreamEndReason.PeerLost,
                UndeliveredReason.PeerLost,
                string.Create(CultureInfo.InvariantCulture, $"silent for {Options.DeadAfter / 1_000_000.0:0.#} s")
            );
        if (_waitingSince != long.MaxValue && now - _waitingSince >= Options.DeadAfter)
            GiveUpWaiting(now);
        Driver.OnPending();
    }

    /// <summary>This process did not run for a while: nobody is blamed for that time.</summary>
    public void OnStall(long duration)
    {
        if (_silentSince != long.MaxValue)
            _silentSince += duration;
        if (_waitingSince != long.MaxValue)
            _waitingSince += duration;
        foreach (SessionPath path in _paths)
            path.OnStall(duration);
        Pings.OnStall(duration);
    }

    /// <summary>Ends the association in order: the peer is told.</summary>
    public void Close(long now, CloseReason reason, string because, UndeliveredReason undelivered)
    {
        SendPath = null; // no other path is chosen, and told of, for the moments until all are closed
        // On every path: the peer may just have closed one of two as redundant.
        foreach (SessionPath path in _paths.ToArray())
            path.Close(now, reason, because, association: _association.Owns(path));

        Terminate(now, PeerEventKind.Lost, StreamEndReason.PeerLost, undelivered, because);
    }

    public void OnEstablished(SessionPath path, long now)
    {
        if (_association.IsUp && !_association.Owns(path))
        {
            if (
                path.PeerIncarnation == _association.PeerIncarnation
                && !EpochOrder.IsNewer(path.Epoch, _association.Epoch)
            )
            {
                path.Close(now, CloseReason.Superseded, "a newer association was established meanwhile");
                return;
            }

            if (path.PeerIncarnation != _association.PeerIncarnation)
                Terminate(
                    now,
                    PeerEventKind.Restarted,
                    StreamEndReason.PeerLost,
                    UndeliveredReason.PeerRestarted,
                    "the peer is a new process"
                );
            else
                Terminate(
                    now,
                    PeerEventKind.Lost,
                    StreamEndReason.PeerLost,
                    UndeliveredReason.PeerLost,
                    "the peer had given the association up"
                );
        }

        bool isNew = !_association.IsUp;
        if (isNew && path.PeerIncarnation == KnownIncarnation && !EpochOrder.IsNewer(path.Epoch, _lastEpoch))
        {
            // A late answer to a handshake for an association that is dead here: the peer may still number from where it was.
            path.Close(now, CloseReason.Superseded, "its association is dead here");
            return;
        }

        if (isNew)
        {
            _association.Bind(path.Epoch, path.PeerIncarnation);
            _lastEpoch = path.Epoch;
            KnownIncarnation = path.PeerIncarnation;
        }

        path.EstablishedOrder = ++_establishments;
        if (path.IsReliable)
            _association.Receiver.RepeatGrants(now);
        ChoosePath(now, isNew ? PeerEventKind.Connected : PeerEventKind.PathChanged, "handshake completed");
        CloseRedundant(path.Kind, now);
    }

    public void OnChallengeMet(long now)
    {
        foreach (SessionPath path in _paths)
            path.Prober.EndChallenge(now);
        _claim.Refute(now, Options.DeadAfter);
        Notify(
            PeerEventKind.NodeIdConflict,
            SendPath?.Kind,
            string.Create(
                CultureInfo.InvariantCulture,
                $"process {_claim.Claimant:x16} claims the id of the live process {_association.PeerIncarnation:x16}"
            )
        );
    }

    public void OnRejected(SessionPath path, RejectReason reason) =>
        Notify(PeerEventKind.Refused, path.Kind, $"the peer refused the handshake: {reason}{Explain(reason)}");

    private static string Explain(RejectReason reason) =>
        reason switch
        {
            RejectReason.WrongNode => " (another node runs there: this side's row is wrong)",
            RejectReason.KeyRequired => " (its row demands a key)",
            RejectReason.KeyNotSupported => " (it has no keys)",
            RejectReason.NodeIdConflict => " (another process with this node id is connected to it)",
            RejectReason.Busy => " (too many handshakes are under way there)",
            RejectReason.Stopping => " (it is stopping)",
            RejectReason.WrongSource => " (its row for this node names another context id, or is of another type)",
            _ => "",
        };

    /// <summary>A frame was taken in: most ask for an answer, or move a time-out.</summary>
    public void OnFrameRead() => Driver.OnPending();

    public void OnMessage(SessionPath path, long now, in MessageElement message)
    {
        if (!_association.Owns(path))
            return;
        if (path.IsReliable && !message.IsRealTime)
            AnswerOn(path);
        if (!_association.Receiver.Message(now, message, path.IsReliable))
            Violated(path, now);
    }

    public void OnStreamElement(SessionPath path, long now, ElementType type, ReadOnlySpan<byte> body)
    {
        if (!_association.Owns(path))
            return;
        if (type == ElementType.StreamReset && path.IsReliable)
            AnswerOn(path);
        if (!_association.ReadStreamElement(now, type, body, path.IsReliable))
            Violated(path, now);
        UpdateWaiting(now);
    }

    public void OnCloseReceived(SessionPath path, long now, bool association, CloseReason reason)
    {
        bool dies = association && _association.Owns(path);
        path.Finish(now, $"closed by the peer: {reason}");
        if (dies)
            Terminate(
                now,
                PeerEventKind.Lost,
                StreamEndReason.PeerLost,
                UndeliveredReason.PeerLost,
                $"the peer closed: {reason}"
            );
    }

    // The old association leaves first, so that callbacks meet the new state.
    private void Terminate(
        long now,
        PeerEventKind kind,
        StreamEndReason streamEnd,
        UndeliveredReason undelivered,
        string because
    )
    {
        Association old = _association;
        _association = NewAssociation();
        _silentSince = long.MaxValue;
        _waitingSince = long.MaxValue;
        SendPath = null;
        _ackPath = null;
        foreach (SessionPath path in _paths.ToArray())
        {
            if (old.Owns(path) && path.Phase != PathPhase.Closing)
                path.Finish(now, because);
        }

        Pings.OnAssociationOver(now); // those on paths that only close yet: nothing reads the answers

        old.Sender.FailAll(undelivered);
        old.Receiver.FailAll(streamEnd);
        NoteState(now);
        if (old.IsUp)
            Notify(kind, null, because);
        // Last: whoever sends in answer to it, to the peer's next life, has heard that the former one is over.
        old.Sender.NotifyAllWaiting();
        Driver.OnPending();
    }

    private void GiveUpWaiting(long now)
    {
        if (_association.IsUp)
        {
            _association.Sender.FailReliable(now, UndeliveredReason.Unsupported);
            UpdateWaiting(now);
        }
        else
        {
            Terminate(now, PeerEventKind.Lost, StreamEndReason.PeerLost, UndeliveredReason.PeerLost, "no connection");
        }
    }

    // Reliable messages without a path that can carry them are given up after a while, with a report; whoever was
    // back-pressured meanwhile is called, to hear the reason.
    private void UpdateWaiting(long now)
    {
        if (!_association.Sender.NeedsReliablePath || SendPath is { IsReliable: true })
            _waitingSince = long.MaxValue;
        else if (_waitingSince == long.MaxValue)
            _waitingSince = now;
    }

    private void Violated(SessionPath path, long now)
    {
        Statistics.Malformed();
        path.Close(now, CloseReason.ProtocolViolation, "the peer exceeded what it was granted");
    }

    private void NoteState(long now)
    {
        if (_notedState == State)
            return;
        _notedState = State;
        StateSince = now;
    }

    private SendStatus ScheduleOutput(SendStatus status)
    {
        Driver.OnPending();
        return status;
    }

    /// <summary>Tells the owner of an event of this peer.</summary>
    public void Notify(PeerEventKind kind, TransportKind? transport, string reason)
    {
        PeerEvent change = new(Node, kind, transport, reason);
        Statistics.RaisedEvent(kind);
        Driver.OnChanged(change);
        _events.PeerChanged(change);
    }

    private Association NewAssociation() => new(Node, Options, _events, Statistics, _memory, _kept);
}
