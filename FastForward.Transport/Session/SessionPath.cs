using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// One link as the session sees it: handshake, packet numbers, probes, measurement. It reads no clock and no socket; the
/// owner hands it the time and the frames, and pulls the frames it has to send.
/// </summary>
internal sealed partial class SessionPath
{
    // The far end moved to the survivor before this end did: what it still has to say here is all on its way.
    private const long DrainLimit = 1_000_000;

    private readonly SessionOptions _options;
    private readonly PeerStatistics _statistics;
    private readonly long _openedAt;

    private long _suspectSince;
    private long _drainsUntil;
    private CloseReason _closeReason;
    private bool _closesAssociation;

    private SessionPath(
        Peer peer,
        TransportKind kind,
        LinkTraits traits,
        uint localIndex,
        object link,
        long now,
        PathPhase phase
    )
    {
        Peer = peer;
        Kind = kind;
        Traits = traits;
        LocalIndex = localIndex;
        Link = link;
        Phase = phase;
        _options = peer.Options;
        _statistics = peer.Statistics;
        _jitter = peer.Jitter;
        _openedAt = now;
        _initDue = now;
        _initInterval = _options.InitRetry;
        _replay = traits is { Reliable: true, Ordered: true } ? null : new ReplayWindow();
        Prober = new PathProber(now, _options.ProbeInterval);
    }

    public Peer Peer { get; }

    public TransportKind Kind { get; }

    public LinkTraits Traits { get; }

    /// <summary>Our number for the path: frames to us carry it.</summary>
    public uint LocalIndex { get; }

    /// <summary>The peer's number for the path: frames to it carry it.</summary>
    public uint RemoteIndex { get; private set; }

    public ulong PeerIncarnation { get; private set; }

    public uint Epoch { get; private set; }

    public PathPhase Phase { get; private set; }

    public bool IsInitiator { get; private init; }

    public bool IsEstablished => Phase == PathPhase.Established;

    /// <summary>Keeps the promise of reliable streams by itself.</summary>
    public bool IsReliable => Traits is { Reliable: true, Ordered: true };

    /// <summary>Three probes went unanswered.</summary>
    public bool IsSuspect { get; private set; }

    /// <summary>Established and not suspect.</summary>
    public bool IsSound => IsEstablished && !IsSuspect;

    /// <summary>Counts establishments, so that the newest of several paths is known.</summary>
    public long EstablishedOrder { get; set; }

    /// <summary>The peer's clock when it wrote the last frame that came in.</summary>
    public uint LastTimestamp { get; private set; }

    /// <summary>Why the path ended, for a person.</summary>
    public string? EndReason { get; private set; }

    public PathMeasurement Measurement { get; } = new();

    /// <summary>Loss and reordering of what comes in.</summary>
    public ArrivalMeter Arrivals { get; } = new();

    /// <summary>When its link opened.</summary>
    public long OpenedAt => _openedAt;

    public PathState State =>
        Phase switch
        {
            PathPhase.Initiating or PathPhase.Answering => PathState.Opening,
            PathPhase.Established => IsSuspect ? PathState.Suspect : PathState.Sound,
            _ => PathState.Closing,
        };

    public PathProber Prober { get; }

    /// <summary>
    /// The link refused the last frame and has not asked for more: output waits for it, not for time. Set by the owner.
    /// </summary>
    public bool IsBlocked { get; set; }

    /// <summary>The owner's link that carries the frames. The session never touches it.</summary>
    public object Link { get; }

    /// <summary>When <see cref="OnTimeout"/> or <see cref="WriteFrame"/> has something to do by itself.</summary>
    public long NextTimeout =>
        Phase switch
        {
            PathPhase.Initiating when IsBlocked => _openedAt + AnswerLimit,
            PathPhase.Initiating => Math.Min(_initDue, _openedAt + AnswerLimit),
            PathPhase.Answering => _openedAt + _options.HandshakeTimeout,
            PathPhase.Established => Prober.Due,
            PathPhase.Closing => 0,
            PathPhase.Draining => _drainsUntil,
            _ => long.MaxValue,
        };

    /// <summary>A cheap look whether <see cref="WriteFrame"/> would write.</summary>
    public bool HasOutput(long now) =>
        Phase switch
        {
            PathPhase.Initiating => now >= _initDue,
            PathPhase.Answering => _responsePending,
            PathPhase.Established => _confirmPending
                || _probeReplies.IsPending
                || Prober.IsPending
                || PendingPings > 0
                || Peer.HasOutput(this, now),
            PathPhase.Closing => true,
            _ => false,
        };

    /// <summary>Fills a frame in place.</summary>
    /// <param name="now">The time.</param>
    /// <param name="frame">Room of the link's frame size.</param>
    /// <param name="realTime">The frame carries a real-time message.</param>
    /// <returns>The length; 0 when there is nothing to send.</returns>
    public int WriteFrame(long now, Span<byte> frame, out bool realTime)
    {
        realTime = false;
        switch (Phase)
        {
            case PathPhase.Initiating when now >= _initDue:
                return WriteInit(now, frame);
            case PathPhase.Answering when _responsePending:
                _responsePending = false;
                return WriteHandshake(FrameType.Response, _initTimestamp, frame);
            case PathPhase.Established when _confirmPending:
                _confirmPending = false;
                return WriteHandshake(FrameType.Confirm, (uint)now, frame);
            case PathPhase.Established:
                return WriteData(now, frame, out realTime);
            case PathPhase.Closing:
                return WriteClose(now, frame);
            default:
                return 0;
        }
    }

    /// <summary>Takes a frame that came over the link. Whatever it holds, nothing is thrown and nothing is read outside it.</summary>
    public void ReadFrame(long now, Span<byte> frame)
    {
        if (frame.Length < WireFormat.CommonHeader || frame[0] != WireFormat.Version)
        {
            _statistics.Malformed();
            return;
        }

        switch ((FrameType)frame[1])
        {
            case FrameType.Data:
                ReadData(now, frame);
                break;
            case FrameType.Response
            or FrameType.Confirm
            or FrameType.Init when Handshake.TryRead(frame, out Handshake handshake):
                ReadHandshake(now, handshake);
                break;
            case FrameType.Reject when Reject.TryRead(frame, out Reject reject):
                if (Phase == PathPhase.Initiating && reject.EchoedIncarnation == _options.Incarnation)
                    Peer.OnRejected(this, reject.Reason);
                break;
            default:
                _statistics.Malformed();
                break;
        }

        Peer.OnFrameRead();
    }

    /// <summary>This process did not run for a while: silence of that time proves nothing.</summary>
    public void OnStall(long duration)
    {
        _suspectSince += duration;
        _drainsUntil += duration;
        Prober.OnStall();
    }

    /// <summary>The time <see cref="NextTimeout"/> came.</summary>
    public void OnTimeout(long now)
    {
        switch (Phase)
        {
            case PathPhase.Initiating when now >= _openedAt + AnswerLimit:
                Finish(now, "no answer to the handshake");
                break;
            case PathPhase.Answering when now >= _openedAt + _options.HandshakeTimeout:
                Finish(now, "the handshake was not confirmed");
                break;
            case PathPhase.Established when now >= Prober.Due:
                Prober.OnDue(now);
                Arrivals.EndInterval();
                // Where the far end has forgotten the path, nothing else would ever end it.
                if (IsSuspect && now - _suspectSince >= _options.DeadAfter)
                    Finish(now, "silent for too long");
                else if (Prober.Missed >= PathProber.SuspectAfter)
                    OnSilent(now);
                break;
            case PathPhase.Draining when now >= _drainsUntil:
                Finish(now, EndReason!);
                break;
        }
    }

    /// <summary>Begins an orderly end: one CLOSE, then the link goes. Of a redundant path it goes when the far end ends it.</summary>
    public void Close(long now, CloseReason reason, string because, bool association = false)
    {
        if (Phase is PathPhase.Closing or PathPhase.Finished)
            return;
        _closeReason = reason;
        _closesAssociation = association;
        EndReason = because;
        if (!IsEstablished)
        {
            Finish(now, because);
            return;
        }

        Phase = PathPhase.Closing;
        Peer.OnPathLost(this, now);
    }

    /// <summary>The CLOSE has left, or cannot leave because the link takes nothing: a farewell does not wait for it.</summary>
    public void EndOutput(long now)
    {
        // Real-time messages on their way here leave no second time; they must not be lost by tidying up.
        if (_closeReason == CloseReason.Redundant && Peer.Association.Owns(this) && Peer.MayDrain)
        {
            Phase = PathPhase.Draining;
            _drainsUntil = now + DrainLimit;
        }
        else
        {
            Finish(now, EndReason!);
        }
    }

    /// <summary>Ends at once.</summary>
    public void Finish(long now, string because)
    {
        if (Phase == PathPhase.Finished)
            return;
        EndReason ??= because;
        Phase = PathPhase.Finished;
        Peer.OnPathFinished(this, now);
    }

    private void OnSilent(long now)
    {
        if (Prober.IsChallenged)
        {
            Finish(now, "silent while a new process claims its node id");
            return;
        }

        if (IsSuspect)
            return;
        IsSuspect = true;
        _suspectSince = now;
        Peer.OnSuspect(this, now);
    }
}
