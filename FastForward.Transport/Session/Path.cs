using System.Buffers.Binary;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// One link as the session sees it: handshake, packet numbers, probes, measurement. It reads no clock and no socket; the
/// owner hands it the time and the frames, and pulls the frames it has to send.
/// </summary>
internal sealed class Path
{
    private readonly SessionOptions _options;
    private readonly NodeStatistics _statistics;
    private readonly Func<long, long> _jitter;
    private readonly ReplayWindow? _replay;
    private readonly long _openedAt;

    private ulong _packetNumber;
    private ulong _expectedPacket;
    private long _initDue;
    private long _initInterval;
    private uint _initTimestamp;
    private bool _answerOwed;
    private bool _confirmOwed;
    private bool _probeReplyOwed;
    private uint _probeReplyId;
    private long _probeReplySince;
    private long _suspectSince;
    private CloseReason _closeReason;
    private bool _closesAssociation;

    private Path(Peer peer, TransportKind kind, LinkTraits traits, uint localIndex, long now, PathPhase phase)
    {
        Peer = peer;
        Kind = kind;
        Traits = traits;
        LocalIndex = localIndex;
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
    public string? EndedBecause { get; private set; }

    public PathMeasurement Measurement { get; } = new();

    public PathProber Prober { get; }

    /// <summary>
    /// The link refused the last frame and has not asked for more: output waits for it, not for time. Set by the owner.
    /// </summary>
    public bool IsBlocked { get; set; }

    /// <summary>The owner's link.</summary>
    public object? Link { get; set; }

    /// <summary>A path that this side begins, over a link that just opened.</summary>
    public static Path Initiate(Peer peer, TransportKind kind, LinkTraits traits, uint localIndex, long now) =>
        new(peer, kind, traits, localIndex, now, PathPhase.Initiating) { IsInitiator = true };

    /// <summary>A path that answers an INIT.</summary>
    public static Path Answer(Peer peer, TransportKind kind, LinkTraits traits, uint localIndex, long now, in Handshake init, uint epoch) =>
        new(peer, kind, traits, localIndex, now, PathPhase.Answering)
        {
            RemoteIndex = init.SenderIndex,
            PeerIncarnation = init.Incarnation,
            Epoch = epoch,
            _initTimestamp = init.Timestamp,
            _answerOwed = true,
        };

    /// <summary>When <see cref="OnTimeout"/> or <see cref="WriteFrame"/> has something to do by itself.</summary>
    public long NextTimeout => Phase switch
    {
        PathPhase.Initiating when IsBlocked => _openedAt + AnswerLimit,
        PathPhase.Initiating => Math.Min(_initDue, _openedAt + AnswerLimit),
        PathPhase.Answering => _openedAt + _options.HandshakeTimeout,
        PathPhase.Established => Prober.Due,
        PathPhase.Closing => 0,
        _ => long.MaxValue,
    };

    /// <summary>A cheap look whether <see cref="WriteFrame"/> would write.</summary>
    public bool HasOutput(long now) => Phase switch
    {
        PathPhase.Initiating => now >= _initDue,
        PathPhase.Answering => _answerOwed,
        PathPhase.Established => _confirmOwed || _probeReplyOwed || Prober.IsOwed || Peer.HasOutput(this, now),
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
            case PathPhase.Answering when _answerOwed:
                _answerOwed = false;
                return WriteHandshake(FrameType.Response, _initTimestamp, frame);
            case PathPhase.Established when _confirmOwed:
                _confirmOwed = false;
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
            _statistics.MalformedFrames++;
            return;
        }

        switch ((FrameType)frame[1])
        {
            case FrameType.Data:
                ReadData(now, frame);
                break;
            case FrameType.Response or FrameType.Confirm or FrameType.Init when Handshake.TryRead(frame, out Handshake handshake):
                ReadHandshake(now, handshake);
                break;
            case FrameType.Reject when Reject.TryRead(frame, out Reject reject):
                if (Phase == PathPhase.Initiating && reject.EchoedIncarnation == _options.Incarnation) Peer.OnRejected(this, reject.Reason);
                break;
            default:
                _statistics.MalformedFrames++;
                break;
        }

        Peer.OnFrameRead();
    }

    /// <summary>This process did not run for a while: silence of that time proves nothing.</summary>
    public void OnStall(long duration)
    {
        _suspectSince += duration;
        Prober.Forgive();
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
                // Where the far end has forgotten the path, nothing else would ever end it.
                if (IsSuspect && now - _suspectSince >= _options.DeadAfter) Finish(now, "silent for too long");
                else if (Prober.Missed >= PathProber.SuspectAfter) OnSilent(now);
                break;
        }
    }

    /// <summary>Begins an orderly end: one CLOSE, then the link goes.</summary>
    public void Close(long now, CloseReason reason, string because, bool association = false)
    {
        if (Phase is PathPhase.Closing or PathPhase.Finished) return;
        _closeReason = reason;
        _closesAssociation = association;
        EndedBecause = because;
        if (!IsEstablished)
        {
            Finish(now, because);
            return;
        }

        Phase = PathPhase.Closing;
        Peer.OnPathLost(this, now);
    }

    /// <summary>Ends at once.</summary>
    public void Finish(long now, string because)
    {
        if (Phase == PathPhase.Finished) return;
        EndedBecause ??= because;
        Phase = PathPhase.Finished;
        Peer.OnPathFinished(this, now);
    }

    /// <summary>The INIT that this path answers was repeated: its answer got lost.</summary>
    public void RepeatAnswer(uint timestamp)
    {
        if (Phase is not (PathPhase.Answering or PathPhase.Established) || IsInitiator) return;
        _initTimestamp = timestamp;
        _answerOwed = Phase == PathPhase.Answering;
    }

    // Where there is no connection, nobody at home looks like a lost frame: it is asked for longer, and then the address
    // is looked up anew.
    private long AnswerLimit => Traits.ConnectionOriented ? _options.HandshakeTimeout : _options.DeadAfter;

    private int WriteInit(long now, Span<byte> frame)
    {
        _initDue = now + _initInterval + _jitter(_initInterval / 4);
        _initInterval = Math.Min(_initInterval * 2, _options.InitRetryLimit);
        Epoch = Peer.ProposedEpoch;
        return WriteHandshake(FrameType.Init, (uint)now, frame);
    }

    private int WriteHandshake(FrameType type, uint timestamp, Span<byte> frame)
    {
        new Handshake
        {
            Type = type,
            ReceiverIndex = RemoteIndex,
            SenderIndex = LocalIndex,
            From = _options.Node,
            To = Peer.Node,
            Incarnation = _options.Incarnation,
            PeerIncarnation = type == FrameType.Init ? Peer.Association.PeerIncarnation : PeerIncarnation,
            Epoch = Epoch,
            Timestamp = timestamp,
        }.Write(frame);
        return WireFormat.Handshake;
    }

    private int WriteData(long now, Span<byte> frame, out bool realTime)
    {
        FrameWriter writer = new(frame);
        if (_probeReplyOwed)
        {
            _probeReplyOwed = false;
            writer.WriteProbeReply(_probeReplyId, (uint)(now - _probeReplySince));
        }

        if (Prober.IsOwed) writer.WriteProbe(Prober.Take(now));
        Peer.WriteContent(this, now, ref writer);
        realTime = writer.HasRealTime;
        return writer.IsEmpty ? 0 : Complete(now, writer);
    }

    private int WriteClose(long now, Span<byte> frame)
    {
        FrameWriter writer = new(frame);
        writer.WriteClose(_closesAssociation, _closeReason);
        int length = Complete(now, writer);
        Finish(now, EndedBecause!);
        return length;
    }

    private int Complete(long now, FrameWriter writer)
    {
        writer.WriteHeader(RemoteIndex, _packetNumber++, (uint)now);
        return writer.Length;
    }

    private void ReadHandshake(long now, in Handshake handshake)
    {
        bool fits = handshake.From == Peer.Node && handshake.To == _options.Node
            && (handshake.Type == FrameType.Init || (handshake.ReceiverIndex == LocalIndex && handshake.PeerIncarnation == _options.Incarnation));
        if (!fits)
        {
            _statistics.MalformedFrames++;
            return;
        }

        switch (handshake.Type)
        {
            case FrameType.Init when handshake.SenderIndex == RemoteIndex && handshake.Incarnation == PeerIncarnation:
                RepeatAnswer(handshake.Timestamp);
                break;
            case FrameType.Response when Phase == PathPhase.Initiating:
                OnResponse(now, handshake);
                break;
            case FrameType.Response when IsEstablished && IsInitiator && handshake.SenderIndex == RemoteIndex:
                _confirmOwed = true; // ours got lost
                break;
            case FrameType.Confirm when Phase == PathPhase.Answering && handshake.SenderIndex == RemoteIndex && handshake.Incarnation == PeerIncarnation:
                Confirmed(now);
                break;
        }
    }

    private void OnResponse(long now, in Handshake response)
    {
        if (!Peer.Admits(now, response.Incarnation)) return; // INIT goes on; by the next answer the question is settled
        RemoteIndex = response.SenderIndex;
        PeerIncarnation = response.Incarnation;
        Epoch = response.Epoch;
        Measurement.AddRoundTrip((int)((uint)now - response.Timestamp)); // what it returns may be anything
        _confirmOwed = true;
        Establish(now);
    }

    // Between INIT and its confirmation the rightful holder of the id may have come: it is not displaced.
    private void Confirmed(long now)
    {
        if (Peer.Admits(now, PeerIncarnation)) Establish(now);
        else Finish(now, "another process holds the node id");
    }

    private void Establish(long now)
    {
        Phase = PathPhase.Established;
        Prober.Start(now);
        Peer.OnEstablished(this, now);
    }

    private void ReadData(long now, ReadOnlySpan<byte> frame)
    {
        if (frame.Length < WireFormat.DataHeader
            || BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) != LocalIndex
            || Phase is PathPhase.Initiating or PathPhase.Finished)
        {
            _statistics.MalformedFrames++;
            return;
        }

        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        if (!TakePacketNumber(now, number))
        {
            _statistics.ReplayedFrames++;
            return;
        }

        // The first frame under our index proves that the answer arrived, as well as a CONFIRM would.
        if (Phase == PathPhase.Answering) Confirmed(now);
        LastTimestamp = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]);
        Measurement.AddArrival(now, LastTimestamp);
        ElementReader reader = new(frame[WireFormat.DataHeader..]);
        while (Phase is PathPhase.Established or PathPhase.Closing && reader.Next()) ReadElement(now, reader);
        if (reader.IsMalformed) _statistics.MalformedFrames++;
    }

    private bool TakePacketNumber(long now, ulong number)
    {
        if (_replay is not null) return _replay.TryTake(number);
        // A reliable ordered medium that skips or repeats a number is broken, or lies.
        if (number != _expectedPacket)
        {
            Finish(now, $"frame {number} came where {_expectedPacket} was due on a reliable medium");
            return false;
        }

        _expectedPacket++;
        return true;
    }

    private void ReadElement(long now, in ElementReader element)
    {
        ReadOnlySpan<byte> body = element.Body;
        switch (element.Type)
        {
            case ElementType.Message when MessageElement.TryRead(element.Bits, body, out MessageElement message):
                Peer.OnMessage(this, now, message);
                break;
            case ElementType.Probe when body.Length >= 4:
                _probeReplyOwed = true;
                _probeReplyId = BinaryPrimitives.ReadUInt32LittleEndian(body);
                _probeReplySince = now;
                break;
            case ElementType.ProbeReply when body.Length >= 8:
                OnProbeReply(now, BinaryPrimitives.ReadUInt32LittleEndian(body), BinaryPrimitives.ReadUInt32LittleEndian(body[4..]));
                break;
            case ElementType.Close when body.Length >= 4:
                Peer.OnCloseReceived(this, now, body[0] == 0, (CloseReason)BinaryPrimitives.ReadUInt16LittleEndian(body[2..]));
                break;
            case ElementType.StreamAck or ElementType.Credit or ElementType.StreamReset or ElementType.StreamRefused:
                Peer.OnStreamElement(this, now, element.Type, body);
                break;
            case ElementType.Message or ElementType.Probe or ElementType.ProbeReply or ElementType.Close:
                _statistics.MalformedFrames++;
                break;
            default:
                _statistics.UnknownElements++;
                break;
        }
    }

    private void OnProbeReply(long now, uint id, uint hold)
    {
        long roundTrip = Prober.OnReply(now, id, hold, out bool metChallenge);
        if (roundTrip < 0) return;
        Measurement.AddRoundTrip(roundTrip);
        if (metChallenge) Peer.OnChallengeMet(now);
        if (!IsSuspect) return;
        IsSuspect = false;
        Peer.OnSound(this, now);
    }

    private void OnSilent(long now)
    {
        if (Prober.IsChallenged)
        {
            Finish(now, "silent while a new process claims its node id");
            return;
        }

        if (IsSuspect) return;
        IsSuspect = true;
        _suspectSince = now;
        Peer.OnSuspect(this, now);
    }
}
