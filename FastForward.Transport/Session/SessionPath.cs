using System.Diagnostics.CodeAnalysis;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// A path to a peer over one link: handshake, packet numbers, probes, measurement. It does no I/O and reads no clock:
/// the owner passes the time and the received frames, and pulls the frames to send.
/// </summary>
[SuppressMessage("Design", "CA1001", Justification = "Finish ends a path and wipes its keys.")]
internal sealed partial class SessionPath : ILossListener
{
    // The peer uses the remaining path before this node closes the redundant one, so that only frames in flight arrive
    // here.
    private const long DrainLimit = 1_000_000;

    private readonly SessionOptions _options;
    private readonly PeerStatistics _statistics;
    private readonly long _openedAt;

    private long _drainsUntil;
    private CloseReason _closeReason;
    private bool _closesAssociation;

    private SessionPath(
        Peer peer,
        TransportKind kind,
        LinkTraits traits,
        in LinkSource source,
        uint localIndex,
        object link,
        long now,
        PathPhase phase
    )
    {
        Peer = peer;
        Kind = kind;
        Traits = traits;
        Source = source;
        LocalIndex = localIndex;
        Link = link;
        Phase = phase;
        _options = peer.Options;
        _statistics = peer.Statistics;
        _openedAt = now;
        LastRealTime = now;
        _initDue = now;
        _initInterval = _options.InitRetry;
        IsOrdered = traits is { Reliable: true, Ordered: true };
        Prober = new PathProber(now);
        Size = IsOrdered ? null : new PathSize(traits.MaxFrameSize);
    }

    public Peer Peer { get; }

    public TransportKind Kind { get; }

    public LinkTraits Traits { get; }

    /// <summary>Where the peer is, as far as the medium shows it.</summary>
    public LinkSource Source { get; private set; }

    /// <summary>The local receiver index: frames to this node contain it.</summary>
    public uint LocalIndex { get; }

    /// <summary>The peer's receiver index: frames to the peer contain it.</summary>
    public uint RemoteIndex { get; private set; }

    public ulong PeerIncarnation { get; private set; }

    public uint Epoch { get; private set; }

    /// <summary>The interval of the peer's probes in milliseconds; 0 if it has not said it.</summary>
    private ushort PeerProbeMillis { get; set; }

    /// <summary>The features of the peer, in the bits of <see cref="Handshake.Capabilities"/>.</summary>
    public ulong PeerCapabilities { get; private set; }

    public PathPhase Phase { get; private set; }

    public bool IsInitiator { get; private init; }

    public bool IsEstablished => Phase == PathPhase.Established;

    /// <summary>The peer opened it and has not proven yet that it belongs to the association.</summary>
    public bool IsUnproven => !IsInitiator && Phase is PathPhase.Answering or PathPhase.Validating;

    /// <summary>
    /// Each frame arrives, in order and once, or the link closes: nothing is acknowledged or sent again. Otherwise lost
    /// frames are recovered.
    /// </summary>
    public bool IsOrdered { get; }

    /// <summary>
    /// The number of this path in the order in which the peer's paths were established; 0 before. It is not used again.
    /// </summary>
    public long Id { get; set; }

    /// <summary>The timestamp of the last frame that arrived, by the peer's clock.</summary>
    public uint LastTimestamp { get; private set; }

    /// <summary>Why the path ended, as a text for logs and events.</summary>
    public string? EndReason { get; private set; }

    public PathMeasurement Measurement { get; } = new();

    /// <summary>Loss and reordering of incoming frames.</summary>
    public ArrivalMeter Arrivals { get; } = new();

    /// <summary>When the link was opened.</summary>
    public long OpenedAt => _openedAt;

    public PathState State =>
        Phase switch
        {
            PathPhase.Initiating or PathPhase.Answering => PathState.Opening,
            PathPhase.Validating => PathState.Validating,
            PathPhase.Established when IsSuspect => PathState.Suspect,
            PathPhase.Established when IsDoubtful => PathState.Doubtful,
            PathPhase.Established when IsReturning => PathState.Returning,
            PathPhase.Established => PathState.Sound,
            PathPhase.Draining => PathState.Draining,
            _ => PathState.Closing,
        };

    public PathProber Prober { get; }

    /// <summary>Which frames arrive; null on a reliable medium, where all do.</summary>
    public PathSize? Size { get; }

    /// <summary>The largest real-time message that fits a frame of this path, in bytes of payload.</summary>
    public int LargestRealTime =>
        Size is { IsLimited: true } size
            ? Math.Min(
                size.Limit
                    - WireFormat.DataHeader
                    - Protection.Overhead
                    - WireFormat.MessageHeader
                    - WireFormat.RealTimeFields,
                WireFormat.MaxRealTimeMessage
            )
            : WireFormat.MaxRealTimeMessage;

    /// <summary>It does not carry the longest real-time message.</summary>
    public bool IsNarrow => LargestRealTime < WireFormat.MaxRealTimeMessage;

    /// <summary>
    /// What is wrong when long frames do not arrive, in words for an operator; null when all arrive.
    /// </summary>
    public string? SizeProblem =>
        Size is { IsLimited: true } size
            ? $"frames of more than {size.Limit} bytes do not arrive over {Kind} (the MTU of the way is too small), "
                + $"so that it carries no real-time messages of more than {LargestRealTime} bytes"
            : null;

    /// <summary>
    /// The link did not accept the last frame and is not writable yet. Output waits for the link, not for time. Set by
    /// the owner.
    /// </summary>
    public bool IsBlocked { get; set; }

    /// <summary>Its ends; known when it is established.</summary>
    public PathWay? Way { get; set; }

    /// <summary>See <see cref="PathRank"/>.</summary>
    public int Rank { get; set; } = PathRank.Unrouted;

    /// <summary>The owner's link that carries the frames. Opaque to the session.</summary>
    public object Link { get; }

    /// <summary>The peer would get its messages on this path.</summary>
    public bool IsPreferredByPeer { get; private set; }

    /// <summary>When the last real-time message arrived; at first, when the path was opened or established.</summary>
    public long LastRealTime { get; set; }

    /// <summary>What the owner has opened it for; null where the peer has opened it. Opaque to the session.</summary>
    public object? Origin { get; set; }

    /// <summary>When <see cref="OnTimeout"/> or <see cref="WriteFrame"/> is due; long.MaxValue for never.</summary>
    public long NextTimeout =>
        Phase switch
        {
            PathPhase.Initiating when IsBlocked => _openedAt + _options.HandshakeTimeout,
            PathPhase.Initiating => Math.Min(_initDue, _openedAt + _options.HandshakeTimeout),
            PathPhase.Answering => _openedAt + _options.HandshakeTimeout,
            PathPhase.Validating when IsBlocked => _challengedAt + _options.HandshakeTimeout,
            PathPhase.Validating => Math.Min(_challengeDue, _challengedAt + _options.HandshakeTimeout),
            PathPhase.Established => Math.Min(Math.Min(Prober.Due, RecoveryDue), Math.Min(SilenceDue, KeysDue)),
            PathPhase.Closing => 0,
            PathPhase.Draining => _drainsUntil,
            _ => long.MaxValue,
        };

    /// <summary>Whether <see cref="WriteFrame"/> has something to write. Cheap.</summary>
    public bool HasOutput(long now) =>
        Phase switch
        {
            PathPhase.Initiating => _refusal is not null || now >= _initDue,
            PathPhase.Answering => _responsePending,
            PathPhase.Validating => _confirmPending || now >= _challengeDue,
            PathPhase.Established => _confirmPending
                || _probeReplies.IsPending
                || _returned is not null
                || Prober.IsPending
                || Size is { IsPending: true }
                || PendingPings > 0
                || HasRenewalOutput(now)
                || IsAckDue(now)
                || Peer.HasEcho(this)
                || Peer.HasOutput(this, now),
            PathPhase.Closing => true,
            _ => false,
        };

    /// <summary>Writes the next frame in place.</summary>
    /// <param name="now">The time.</param>
    /// <param name="frame">A buffer of the link's frame size.</param>
    /// <param name="realTime">The frame carries a real-time message.</param>
    /// <returns>The length; 0 when there is nothing to send.</returns>
    public int WriteFrame(long now, Span<byte> frame, out bool realTime)
    {
        realTime = false;
        switch (Phase)
        {
            case PathPhase.Initiating when _refusal is { } refusal:
                return WriteRefusal(now, refusal, frame);
            case PathPhase.Initiating when now >= _initDue:
                return WriteInit(now, frame);
            case PathPhase.Answering when _responsePending:
                _responsePending = false;
                return WriteHandshake(now, FrameType.Response, _initTimestamp, frame);
            case PathPhase.Established or PathPhase.Validating when _confirmPending:
                _confirmPending = false;
                return WriteHandshake(now, FrameType.Confirm, (uint)now, frame);
            case PathPhase.Validating when now >= _challengeDue:
                return WriteChallenge(now, frame);
            case PathPhase.Established when AreKeysUsedUp:
                Finish(now, "its keys were not renewed in time");
                return 0;
            case PathPhase.Established when HasRenewalOutput(now):
                return WriteRenewal(now, frame);
            case PathPhase.Established when Size is { IsPending: true } size:
                return WriteSizeProbe(now, size, frame);
            case PathPhase.Established:
                return WriteData(now, frame[..Math.Min(frame.Length, Size?.Limit ?? frame.Length)], out realTime);
            case PathPhase.Closing:
                return WriteClose(now, frame);
            default:
                return 0;
        }
    }

    /// <summary>Processes a received frame. Invalid frames are counted and dropped: they cause no exception.</summary>
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
                ReadHandshake(now, handshake, frame);
                break;
            case FrameType.Cookie when KeyId != 0:
                ReadCookie(now, frame);
                break;
            case FrameType.Reject when Reject.TryRead(frame, out Reject reject):
                if (
                    Phase is PathPhase.Initiating or PathPhase.Answering
                    && reject.EchoedIncarnation == _options.Incarnation
                )
                    OnRejected(now, reject);
                break;
            default:
                _statistics.Malformed();
                break;
        }

        Peer.OnFrameRead();
    }

    /// <summary>
    /// Extends the deadlines by a time in which this process did not run, so that it does not count as silence.
    /// </summary>
    public void OnStall(long now, long duration)
    {
        _figures?.Transits.OnStall(now);
        _suspectSince += duration;
        ExtendSilence(duration);
        _drainsUntil += duration;
        _keysSince += duration;
        Prober.OnStall();
        _packets?.Recovery?.OnStall(duration);
    }

    /// <summary>Processes the timeouts that are due.</summary>
    public void OnTimeout(long now)
    {
        switch (Phase)
        {
            case PathPhase.Initiating when now >= _openedAt + _options.HandshakeTimeout:
                Finish(now, "no answer to the handshake");
                break;
            case PathPhase.Answering when now >= _openedAt + _options.HandshakeTimeout:
                Finish(now, "the handshake was not confirmed");
                break;
            case PathPhase.Validating when now >= _challengedAt + _options.HandshakeTimeout:
                Finish(now, "the peer did not confirm it over a stronger path");
                break;
            case PathPhase.Established:
                _packets?.Recovery?.OnTimeout(now);
                OnSilenceDue(now);
                OnKeysDue(now);
                if (!IsEstablished || now < Prober.Due)
                    break;
                if (Size is { } size && size.OnInterval(isAnswering: Prober.IsAnswering))
                    Peer.OnSizeChanged(this, now, size);
                Prober.OnDue(now);
                EndInterval(now);
                // If the remote no longer knows the path, nothing else ends it.
                if (IsSuspect && now - _suspectSince >= _options.DeadAfter)
                    Finish(now, "probes were not answered for too long");
                else if (Prober.Missed >= PathProber.SuspectAfter)
                    OnSilent(now);
                break;
            case PathPhase.Draining when now >= _drainsUntil:
                Finish(now, EndReason!);
                break;
        }
    }

    /// <summary>
    /// Closes the path: one CLOSE is written, then it finishes. A redundant path drains in between, until the peer ends
    /// the link, at most 1 s.
    /// </summary>
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

    /// <summary>
    /// The CLOSE is written, or is given up because the link accepts no frame: closing does not wait for the link.
    /// </summary>
    public void EndOutput(long now)
    {
        // Real-time messages in flight are not retransmitted. Closing a path that others replace must not lose them.
        if (
            _closeReason is CloseReason.Redundant or CloseReason.RouteChanged
            && Peer.Association.Owns(this)
            && Peer.MayDrain
        )
        {
            Phase = PathPhase.Draining;
            _drainsUntil = now + DrainLimit;
        }
        else
        {
            Finish(now, EndReason!);
        }
    }

    /// <summary>Ends the path at once; nothing more is written.</summary>
    public void Finish(long now, string because)
    {
        if (Phase == PathPhase.Finished)
            return;
        EndReason ??= because;
        Phase = PathPhase.Finished;
        DisposeKeys();
        Peer.OnPathFinished(this, now);
    }

    private void OnSilent(long now)
    {
        if (Prober.IsChallenged)
        {
            Finish(now, "the peer did not answer while another process claims its node id");
            return;
        }

        BecomeSuspect(now);
    }
}
