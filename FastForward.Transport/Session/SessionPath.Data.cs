using System.Buffers.Binary;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>DATA frames: packet numbers, elements, probes and their replies.</content>
internal sealed partial class SessionPath
{
    private const long PreferenceInterval = 500_000;

    private PacketSpace? _packets;
    private bool _isFrameRefused;
    private bool? _preference; // of the frame that is being read
    private ulong _preferenceFrame;
    private long _preferenceAt = long.MinValue / 2;
    private readonly ProbeReplies _probeReplies = new();

    /// <summary>DATA frames that were written.</summary>
    public long FramesSent => (long)(_packets?.Next ?? 0);

    /// <summary>Probes of <see cref="Peer.Pings"/> that are to be written on this path.</summary>
    public int PendingPings { get; set; }

    // Created with the first DATA frame: a path that is never established needs none.
    private PacketSpace Packets =>
        _packets ??= new PacketSpace(IsOrdered, Traits.MaxFrameSize, _options.ReplayWindow, Measurement, this);

    /// <summary>Loss detection and congestion control of what is sent; null on an ordered medium.</summary>
    public LossRecovery? Recovery => _packets?.Recovery;

    /// <summary>Congestion window and pacer permit a frame with reliable messages.</summary>
    public bool MaySendReliable(long now) => Packets.Recovery?.MaySend(now) ?? true;

    /// <summary>
    /// The frame that is being read holds something that this node does not take from this path, or not yet: it is not
    /// acknowledged, so that the peer sends it again.
    /// </summary>
    public void RefuseFrame() => _isFrameRefused = true;

    private long RecoveryDue
    {
        get
        {
            if (_packets is not { Recovery: { } recovery, Acks: { } acks })
                return long.MaxValue;
            if (IsBlocked)
                return recovery.Due;
            long due = Math.Min(recovery.Due, acks.Due);
            return Peer.HasReliableOutput(this) ? Math.Min(due, recovery.NextSend) : due;
        }
    }

    private bool IsAckDue(long now) => _packets?.Acks is { } acks && now >= acks.Due;

    private FrameBuilder Begin(Span<byte> frame) => new(frame, Protection, Packets.Recovery?.Sent, Id);

    private int WriteData(long now, Span<byte> frame, out bool realTime)
    {
        // Until it is known that long frames arrive, probes travel without messages: otherwise the path would seem to
        // be silent, and its successor would have to find out the same again.
        bool isAlone = Size is { IsKnown: false } && (Prober.IsPending || _probeReplies.IsPending);
        FrameBuilder builder = Begin(frame);
        Packets.Acks?.Write(now, Packets.Next, ref builder);
        WriteReturned(ref builder.Writer);
        if (Prober.IsPending)
        {
            // Over datagrams long enough for a challenge in return, should the peer see it come from elsewhere.
            int size = IsOrdered ? WireFormat.Probe : WireFormat.PathChallenge;
            builder.Writer.WriteProbe(Prober.Take(now), size, Peer.IsPreferred(this));
            _silence.OnAsked(now);
            WriteTransitReport(ref builder.Writer);
        }

        _probeReplies.Write(now, ref builder.Writer);
        if (PendingPings > 0)
            Peer.Pings.Write(this, ref builder.Writer);
        Peer.WriteEchoes(this, ref builder.Writer);
        if (!isAlone)
            Peer.WriteContent(this, now, ref builder);
        realTime = builder.Writer.HasRealTime;
        return builder.Writer.IsEmpty ? 0 : Complete(now, builder);
    }

    // A frame of its own: what else it carried would be lost with it.
    private int WriteSizeProbe(long now, PathSize probed, Span<byte> frame)
    {
        uint id = probed.Take(out int size);
        FrameBuilder builder = Begin(frame[..Math.Min(frame.Length, size)]);
        builder.Writer.WriteProbe(id);
        builder.Writer.WritePadding();
        return Complete(now, builder);
    }

    private int WriteClose(long now, Span<byte> frame)
    {
        FrameBuilder builder = Begin(frame);
        builder.Writer.WriteClose(_closesAssociation, _closeReason);
        int length = Complete(now, builder);
        EndOutput(now);
        return length;
    }

    private int Complete(long now, in FrameBuilder builder)
    {
        int length = builder.Finish(RemoteIndex, Packets.Next, (uint)now);
        Packets.OnSent(now, length, builder);
        CountUse(now);
        if (builder.IsEliciting && !IsOrdered)
            _silence.OnAsked(now);
        return length;
    }

    void ILossListener.OnAcknowledged(in SentElement element, ulong number)
    {
        if (element.Kind == SentKind.Ack)
            Packets.Acks!.OnAcknowledged(number);
        else
            Peer.OnElementAcknowledged(this, element);
    }

    bool ILossListener.OnLost(long now, in SentElement element, ulong number)
    {
        if (element.Kind != SentKind.Ack)
            return Peer.OnElementLost(this, now, element, number);
        Packets.Acks!.OnLost(number);
        return false;
    }

    private void ReadData(long now, Span<byte> frame)
    {
        if (
            frame.Length < WireFormat.DataHeader + Protection.Overhead
            || BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]) != LocalIndex
            || Phase is PathPhase.Initiating or PathPhase.Finished
            || (Phase == PathPhase.Answering && KeyId != 0 && !IsSealed) // it proves nothing
        )
        {
            _statistics.Malformed();
            return;
        }

        ulong number = BinaryPrimitives.ReadUInt64LittleEndian(frame[8..]);
        if (!TryOpen(now, frame, number))
            return;

        ReadOpened(now, frame, number);
    }

    // The frame is authentic and recorded.
    private void ReadOpened(long now, Span<byte> frame, ulong number)
    {
        // A DATA frame with the local index proves that the RESPONSE arrived, just as a CONFIRM does.
        if (Phase == PathPhase.Answering)
            Confirmed(now);
        PathFigures figures = Measured;
        figures.LastHeard = now;
        LastTimestamp = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]);
        Measurement.AddArrival(now, LastTimestamp);
        long excess = figures.Transits.Add(now, LastTimestamp, StepOf(Peer.Association.ShortestBudget));
        FrameArrival arrival = new(IsOrdered, excess)
        {
            Slowest = figures.Slowest,
            RoundTrip = Measurement.SmoothedRoundTrip,
        };
        ElementReader reader = new(frame[WireFormat.DataHeader..^Protection.Overhead]);
        bool isEliciting = false;
        while (Phase is PathPhase.Established or PathPhase.Closing or PathPhase.Draining && reader.Next())
        {
            isEliciting |= IsEliciting(reader);
            ReadElement(now, reader, arrival);
        }

        while (Phase == PathPhase.Validating && reader.Next())
        {
            _isFrameRefused |= reader.Type != ElementType.PathChallenge;
            ReadChallenge(reader);
        }

        if (_isFrameRefused)
        {
            Packets.Refuse(number);
            _statistics.Malformed();
        }
        else
        {
            Arrivals.Add(number);
            if (isEliciting)
                Packets.Acks?.OnElicited(now);
        }

        _isFrameRefused = false;
        ApplyPreference(now, number);
        if (reader.IsMalformed)
            _statistics.Malformed();
    }

    // The least rise of the transit that may be another route. Less is jitter, however short the budget.
    private static long StepOf(long budget) => Math.Max(budget / 2, 20_000);

    private bool TryOpen(long now, Span<byte> frame, ulong number)
    {
        ReplayCheck check = Packets.Check(number);
        if (check == ReplayCheck.Fresh && Protection.TryOpen(frame, number))
        {
            Packets.Commit(now, number);
            CountUse(now);
            return true;
        }

        if (check == ReplayCheck.Fresh)
            _statistics.Forged();
        else if (check == ReplayCheck.TooOld)
            _statistics.TooOld();
        else
            OnDuplicate();
        // A reliable ordered medium must neither skip nor repeat a number.
        if (IsOrdered)
            Finish(
                now,
                check == ReplayCheck.Fresh
                    ? $"packet {number} is not authentic"
                    : $"packet {number} instead of {Packets.Expected} on a reliable medium"
            );
        return false;
    }

    // What is lost with a frame that has nothing else is repeated by its own rule, or not at all.
    private static bool IsEliciting(in ElementReader element) =>
        (element.Type == ElementType.Ack && (element.Bits & WireFormat.AckAsks) != 0)
        || element.Type
            is ElementType.Message
                or ElementType.StreamAck
                or ElementType.Credit
                or ElementType.StreamReset
                or ElementType.StreamRefused;

    private void ReadElement(long now, in ElementReader element, in FrameArrival arrival)
    {
        ReadOnlySpan<byte> body = element.Body;
        switch (element.Type)
        {
            case ElementType.Message when MessageElement.TryRead(element.Bits, body, out MessageElement message):
                Peer.OnMessage(this, now, message, arrival);
                break;
            case ElementType.Ack when body.Length >= 12 && _packets?.Recovery is { } recovery:
                OnAck(now, recovery, body);
                break;
            case ElementType.TransitReport when body.Length >= 12:
                OnTransitReport(body);
                break;
            case ElementType.PathChallenge:
                ReadChallenge(element);
                break;
            case ElementType.PathResponse when body.Length >= 16 && IsOfSamePath(element):
                break; // the answer to a challenge at another place, which has become the own one since
            case ElementType.PathResponse when body.Length >= 16:
                Peer.OnEcho(
                    this,
                    now,
                    BinaryPrimitives.ReadUInt64LittleEndian(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[12..])
                );
                break;
            case ElementType.Probe when body.Length >= 4:
                OnPeerAccepts(now);
                if (BinaryPrimitives.ReadUInt32LittleEndian(body) < PathSize.FirstId)
                    _preference = (element.Bits & WireFormat.ProbePrefers) != 0;
                _probeReplies.Add(
                    now,
                    BinaryPrimitives.ReadUInt32LittleEndian(body),
                    WireFormat.ElementHeader + body.Length
                );
                break;
            case ElementType.ProbeReply when body.Length >= 8:
                OnProbeReply(
                    now,
                    BinaryPrimitives.ReadUInt32LittleEndian(body),
                    BinaryPrimitives.ReadUInt32LittleEndian(body[4..])
                );
                break;
            case ElementType.Close when body.Length >= 4:
                Peer.OnCloseReceived(
                    this,
                    now,
                    body[0] == 0,
                    (CloseReason)BinaryPrimitives.ReadUInt16LittleEndian(body[2..])
                );
                break;
            case ElementType.StreamAck or ElementType.Credit or ElementType.StreamReset or ElementType.StreamRefused:
                Peer.OnStreamElement(this, now, element);
                break;
            case ElementType.Message
            or ElementType.Probe
            or ElementType.ProbeReply
            or ElementType.Close
            or ElementType.Ack
            or ElementType.TransitReport
            or ElementType.PathResponse:
                _statistics.Malformed();
                break;
            default:
                _statistics.UnknownElement();
                break;
        }
    }

    // What the newest frame says counts, and no more often than once in a while: each change may move the traffic. The
    // peer repeats it with each probe.
    private void ApplyPreference(long now, ulong number)
    {
        bool? preference = _preference;
        _preference = null;
        if (preference is not { } isPreferred || number < _preferenceFrame)
            return;
        _preferenceFrame = number;
        if (isPreferred == IsPreferredByPeer || now - _preferenceAt < PreferenceInterval)
            return;
        _preferenceAt = now;
        IsPreferredByPeer = isPreferred;
        Peer.OnPreferred(now);
    }

    private void OnAck(long now, LossRecovery recovery, ReadOnlySpan<byte> body)
    {
        ulong largest = BinaryPrimitives.ReadUInt64LittleEndian(body);
        uint delay = BinaryPrimitives.ReadUInt32LittleEndian(body[8..]);
        long before = recovery.Acknowledged;
        if (!recovery.OnAck(now, largest, delay, body[12..Math.Min(body.Length, 12 + (8 * WireFormat.MaxAckWords))]))
            _statistics.Malformed();
        else if (recovery.Acknowledged > before)
            OnDelivered(now, recovery);
    }

    // The only element that is read before the path is proven: everything else could be a stranger's.
    private void ReadChallenge(in ElementReader element)
    {
        if (element.Type != ElementType.PathChallenge || element.Body.Length < 8)
            return;
        if (IsOfSamePath(element))
            _returned = BinaryPrimitives.ReadUInt64LittleEndian(element.Body);
        else
            PendingEcho = BinaryPrimitives.ReadUInt64LittleEndian(element.Body);
    }

    private void OnProbeReply(long now, uint id, uint hold)
    {
        if (Pings.IsPing(id))
        {
            Peer.Pings.OnReply(this, now, id, hold);
            return;
        }

        if (PathSize.IsId(id))
        {
            if (Size is { } size && size.OnReply(id))
                Peer.OnSizeChanged(this, now, size);
            return;
        }

        long roundTrip = Prober.OnReply(now, id, hold, out bool challengeAnswered);
        if (roundTrip < 0)
            return;
        if (PathProber.IsRoundTrip(roundTrip, Measurement.SmoothedRoundTrip))
            Measurement.AddRoundTrip(roundTrip);
        _packets?.Recovery?.OnPathAnswers();
        OnPeerAccepts(now);
        if (challengeAnswered)
            Peer.OnChallengeAnswered(now);
        OnAnswered(now);
    }
}
