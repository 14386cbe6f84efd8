using System.Globalization;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// A remote node: its association with this one, the paths to it, and which of them carry what. Does no I/O and reads
/// no clock, like everything in this folder: time, frames and randomness are arguments of the calls. Not thread-safe.
/// </summary>
internal sealed partial class Peer
{
    private readonly PeerEnvironment _environment;
    private readonly PeerHeldCredit _heldCredit = new();
    private readonly List<SessionPath> _paths = [];

    private Association _association;
    private Pings? _pings;
    private uint _lastEpoch;
    private long _silentSince = long.MaxValue;
    private long _waitingSince = long.MaxValue;
    private int _establishments;
    private SessionPath? _ackPath;
    private long _ackTimestamp;
    private RemoteClock _remoteClock;
    private byte _recordedState = (byte)PeerState.Connecting; // small: most peers of a large registry are absent

    /// <param name="node">The peer's id.</param>
    /// <param name="environment">What it shares with the other peers.</param>
    /// <param name="lastEpoch">The last epoch that this process used with the node; 0 for none.</param>
    public Peer(uint node, PeerEnvironment environment, uint lastEpoch = 0)
    {
        _environment = environment;
        _lastEpoch = lastEpoch;
        Node = node;
        Options = environment.Options;
        Statistics = new PeerStatistics(node, environment.Total);
        Suite = Options.Suite ?? Fastest;
        _association = NewAssociation();
        Driver = environment.Drivers.Create(this);
    }

    public uint Node { get; }

    public SessionOptions Options { get; }

    public PeerStatistics Statistics { get; }

    /// <summary>The probes that the application requested.</summary>
    public Pings Pings => _pings ??= new Pings(Node, _environment.Events);

    /// <summary>When <see cref="State"/> last changed, in microseconds; -1 when it never changed.</summary>
    public long StateSince { get; private set; } = -1;

    public SessionRandom Random => _environment.Random;

    public IKeySource Keys => _environment.Keys;

    /// <summary>The suite of the next handshake with the peer.</summary>
    public CipherSuite Suite { get; private set; }

    /// <summary>Why the last process that claimed to be this node was refused; null when none was.</summary>
    public string? LastRefusal { get; private set; }

    /// <summary>When that was, in microseconds.</summary>
    public long LastRefusalAt { get; private set; }

    /// <summary>The epoch of the current association, else of the last one; 0 for none.</summary>
    public uint LastEpoch => _lastEpoch;

    /// <summary>The best path to the peer. It carries real-time messages; null when there is none.</summary>
    public SessionPath? SendPath { get; private set; }

    /// <summary>
    /// The best of the paths that identify the peer best: the peer takes reliable messages from such paths only. It is
    /// another one than <see cref="SendPath"/> while that identifies the peer less, or carries short frames only.
    /// </summary>
    public SessionPath? ReliablePath { get; private set; }

    public IReadOnlyList<SessionPath> Paths => _paths;

    public Association Association => _association;

    /// <summary>
    /// Decides how often real-time messages are sent; null without an association. Any thread may read it.
    /// </summary>
    public CopyPolicy? CopyPolicy => _association.CopyPolicy;

    /// <summary>The owner of the peer.</summary>
    public IPeerDriver Driver { get; }

    public PeerState State =>
        !_association.IsUp ? PeerState.Connecting
        : SendPath is { IsSound: true } ? PeerState.Connected
        : PeerState.Suspect;

    /// <summary>The peer's incarnation in the current association, else in the last one; 0 before the first.</summary>
    public ulong KnownIncarnation { get; private set; }

    /// <summary>
    /// The epoch that a new INIT proposes: that of the current association, else the one after the last.
    /// </summary>
    public uint ProposedEpoch => _association.IsUp ? _association.Epoch : EpochOrder.After(_lastEpoch);

    /// <summary>When <see cref="OnTimeout"/> is due; long.MaxValue for never.</summary>
    public long NextTimeout
    {
        get
        {
            long next = AckPath is { IsBlocked: false } ? _association.Receiver.OutputDue : long.MaxValue;
            next = Math.Min(next, _pings?.NextTimeout ?? long.MaxValue);
            next = Math.Min(next, _association.NextTimeout);
            next = Math.Min(next, _overlapUntil);
            if (_silentSince != long.MaxValue)
                next = Math.Min(next, _silentSince + Options.DeadAfter);
            if (_waitingSince != long.MaxValue)
                next = Math.Min(next, _waitingSince + Options.DeadAfter);
            foreach (SessionPath path in _paths)
                next = Math.Min(next, path.NextTimeout);
            return next;
        }
    }

    /// <inheritdoc cref="Sender.Send"/>
    public SendResult Send(
        long now,
        ulong stream,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        bool end,
        bool isImportant = false,
        long? realTimeBudget = null,
        long waited = 0
    )
    {
        if (messageClass == MessageClass.RealTime && SendPath is null)
            return new SendResult(SendStatus.NotConnected, 0);
        if (messageClass == MessageClass.RealTime && payload.Length > SendPath?.LargestRealTime)
            return new SendResult(SendStatus.TooLarge, 0);
        if (messageClass == MessageClass.RealTime)
            OnRealTimeSend(now);
        SendResult result = _association.Sender.Send(
            now,
            stream,
            messageClass,
            payload,
            end,
            isImportant,
            realTimeBudget,
            waited
        );
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

    /// <summary>Returns held credit. Credit of a former association allows larger grants in the current one.</summary>
    public void ReleaseCredit(long now, in MessageCredit credit, int bytes)
    {
        credit.Owner!.Release(now, credit.Stream!, bytes);
        if (!ReferenceEquals(credit.Owner, _association.Receiver))
            _association.Receiver.OnFormerCreditReleased(now, bytes);
        Driver.OnPending();
    }

    /// <summary>Acknowledges messages that were withheld.</summary>
    public void AcceptWithheld(long now, in MessageCredit credit)
    {
        credit.Owner!.AcceptWithheld(now, credit.Stream!);
        Driver.OnPending();
    }

    /// <summary>Refuses a message and everything after it on its stream.</summary>
    public void Refuse(long now, in MessageCredit credit, ulong sequence)
    {
        credit.Owner!.Refuse(now, credit.Stream!, sequence);
        Driver.OnPending();
    }

    public SendStatus ResetStream(long now, ulong stream, uint code) =>
        ScheduleOutput(_association.Sender.Reset(now, stream, code));

    /// <summary>Sends a probe on each established path of the association, including suspect ones.</summary>
    /// <param name="now">The time.</param>
    /// <param name="timeout">How long to wait for each reply, in microseconds.</param>
    /// <param name="size">Bytes of filling in each probe.</param>
    /// <param name="callback">Called once for each probe, with its outcome.</param>
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

    public bool HasOutput(SessionPath path, long now) =>
        (ReferenceEquals(path, SendPath) && _association.Sender.HasRealTimeOutput)
        || (ReferenceEquals(path, RepeatPath) && _association.Sender.HasRepeats)
        || (ReferenceEquals(path, SecondPath) && _association.Sender.HasSecondOutput)
        || (HasReliableOutput(path) && path.MaySendReliable(now))
        || (now >= _association.Receiver.OutputDue && ReferenceEquals(path, AckPath));

    /// <summary>
    /// Writes acknowledgements, credit and messages, each only on the path that is selected for them.
    /// </summary>
    public void WriteContent(SessionPath path, long now, ref FrameBuilder frame)
    {
        if (ReferenceEquals(path, AckPath))
            _association.Receiver.Write(ref frame);
        bool isForFresh = ReferenceEquals(path, SendPath);
        bool isForRepeats = ReferenceEquals(path, RepeatPath);
        if (
            (isForFresh || isForRepeats) && !_association.Sender.WriteRealTime(now, ref frame, isForFresh, isForRepeats)
        )
            return;
        if (ReferenceEquals(path, SecondPath) && !_association.Sender.WriteSecond(now, ref frame))
            return;
        if (HasReliableOutput(path) && path.MaySendReliable(now))
            _association.Sender.WriteReliable(ref frame);
    }

    private bool Carries(SessionPath path, OutgoingMessage message) =>
        message.Stream?.Class == MessageClass.RealTime
            ? message.LastPath == path.Id
            : ReferenceEquals(path, ReliablePath);

    /// <summary>The path carries reliable messages, and there are some to write.</summary>
    public bool HasReliableOutput(SessionPath path) =>
        ReferenceEquals(path, ReliablePath) && _association.Sender.HasReliableOutput;

    /// <summary>An element has arrived that the path carried.</summary>
    public void OnElementAcknowledged(SessionPath path, in SentElement element)
    {
        if (element.Kind == SentKind.Message && _association.Owns(path))
            _association.Sender.OnArrived(element);
    }

    /// <summary>An element was lost on the path.</summary>
    /// <returns>Whether it is sent again.</returns>
    public bool OnElementLost(SessionPath path, long now, in SentElement element, ulong frame)
    {
        // What another path carries since was written again there.
        if (!_association.Owns(path) || (element.Kind == SentKind.Message && !Carries(path, element.Message!)))
            return false;
        Driver.OnPending();
        return _association.OnLost(now, element, frame);
    }

    /// <summary>The path has new figures of its quality.</summary>
    public void OnMeasured(SessionPath path, long now)
    {
        if (ReferenceEquals(path, SendPath))
            DecideCopies(path, now);
        ChooseRepeatPath();
    }

    /// <summary>The path acknowledges frames up to a number.</summary>
    public void OnFramesAcknowledged(SessionPath path, long now, ulong largest)
    {
        if (ReferenceEquals(path, SendPath))
            _association.Sender.OnAcknowledged(now, path.Id, largest);
    }

    public void OnTimeout(long now)
    {
        for (int i = _paths.Count - 1; i >= 0; i--)
        {
            if (i < _paths.Count && now >= _paths[i].NextTimeout)
                _paths[i].OnTimeout(now);
        }

        if (now >= _overlapUntil)
            EndOverlap(now);
        _pings?.OnTimeout(now);
        _association.OnTimeout(now);
        if (_silentSince != long.MaxValue && now - _silentSince >= Options.DeadAfter)
            Terminate(
                now,
                PeerEventKind.Lost,
                StreamEndReason.PeerLost,
                UndeliveredReason.PeerLost,
                string.Create(CultureInfo.InvariantCulture, $"unreachable for {Options.DeadAfter / 1_000_000.0:0.#} s")
            );
        if (_waitingSince != long.MaxValue && now - _waitingSince >= Options.DeadAfter)
            Terminate(now, PeerEventKind.Lost, StreamEndReason.PeerLost, UndeliveredReason.PeerLost, "no connection");
        Driver.OnPending();
    }

    /// <summary>
    /// Extends all deadlines by a time in which this process did not run, so that it does not count as silence.
    /// </summary>
    public void OnStall(long now, long duration)
    {
        if (_silentSince != long.MaxValue)
            _silentSince += duration;
        if (_waitingSince != long.MaxValue)
            _waitingSince += duration;
        ExtendRedundancy(duration);
        foreach (SessionPath path in _paths)
            path.OnStall(now, duration);
        _pings?.OnStall(duration);
    }

    /// <summary>A frame was read. Most frames cause output or change a timeout.</summary>
    public void OnFrameRead()
    {
        _association.OnFrameRead();
        Driver.OnPending();
    }

    public void OnMessage(SessionPath path, long now, in MessageElement message, in FrameArrival arrival)
    {
        if (!_association.Owns(path) || (!message.IsRealTime && !IsStrongest(path)))
        {
            path.RefuseFrame();
            return;
        }

        if (!message.IsRealTime)
            SelectAckPath(path, now);
        FrameArrival known = message.IsRealTime && _paths.Count > 1 ? Align(path, now, arrival) : arrival;
        if (!_association.Receiver.Message(now, message, known))
            CloseOnViolation(path, now);
    }

    public void OnStreamElement(SessionPath path, long now, in ElementReader element)
    {
        ElementType type = element.Type;
        ReadOnlySpan<byte> body = element.Body;
        bool isStrongest = IsStrongest(path);
        bool isOwned = _association.Owns(path);
        if (isOwned && !isStrongest && IsResetOfUnknownRealTime(element))
            return; // the stream may be another one: a stranger could end a reliable stream before it begins
        if (!isOwned || (!isStrongest && !_association.IsRealTimeReset(type, body)))
        {
            path.RefuseFrame();
            return;
        }

        if (type == ElementType.StreamReset && isStrongest)
            SelectAckPath(path, now);
        if (!_association.ReadStreamElement(now, type, body))
            CloseOnViolation(path, now);
        UpdateWaiting(now);
    }

    // That of a reliable stream comes again when this side has noticed the end of the stronger path, too.
    private bool IsResetOfUnknownRealTime(in ElementReader element) =>
        element.Type == ElementType.StreamReset
        && ((MessageBits)element.Bits & MessageBits.RealTime) != 0
        && _association.IsUnknownStream(element.Body);

    private void RecordState(long now)
    {
        if (_recordedState == (byte)State)
            return;
        _recordedState = (byte)State;
        StateSince = now;
    }

    private SendStatus ScheduleOutput(SendStatus status)
    {
        Driver.OnPending();
        return status;
    }

    /// <summary>Counts an event of this peer and reports it to its driver and to the application.</summary>
    public void Notify(PeerEventKind kind, TransportKind? transport, string reason, bool isPlanned = false)
    {
        Notify(new PeerEvent(Node, kind, transport, reason) { IsPlanned = isPlanned });
    }

    private void Notify(PeerEventKind kind, SessionPath path, string reason) =>
        Notify(new PeerEvent(Node, kind, path.Kind, reason) { Path = NameOf(path) });

    private void Notify(in PeerEvent change)
    {
        Statistics.RaisedEvent(change.Kind);
        Driver.OnChanged(change);
        _environment.Events.PeerChanged(change);
    }

    /// <summary>
    /// Reports that a process was refused which claims to be this node. It may be a stranger, so it changes nothing
    /// that is known of the node itself.
    /// </summary>
    public void OnRefusedClaim(long now, PeerEventKind kind, TransportKind? transport, string reason)
    {
        Statistics.RaisedEvent(kind);
        LastRefusal = reason;
        LastRefusalAt = now;
        _environment.Events.PeerChanged(new PeerEvent(Node, kind, transport, reason));
    }

    private static CipherSuite Fastest =>
        AeadKey.IsSupported(CipherSuite.AesGcm) ? CipherSuite.AesGcm : CipherSuite.ChaChaPoly;

    private Association NewAssociation() =>
        new(Node, Options, _environment.Events, Statistics, _environment.Memory, _heldCredit);
}
