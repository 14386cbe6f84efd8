namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// Finds the lost frames among those sent on a path, and says when the next one may be sent: detection by time alone as
/// in RACK (RFC 8985), because a packet threshold takes reordering for loss, probe time-outs and congestion control as
/// in RFC 9002. Times are in microseconds.
/// </summary>
/// <param name="frameSize">Bytes of a full frame.</param>
/// <param name="measurement">The round trip of the path, which acknowledgements measure.</param>
/// <param name="listener">Learns what arrived and what is lost.</param>
internal sealed class LossRecovery(int frameSize, PathMeasurement measurement, ILossListener listener)
{
    private const long Granularity = 1_000;
    private const long InitialRoundTrip = 333_000;
    private const int MaxBackoff = 6;

    // How long the remote may take to acknowledge, with the time until its thread runs.
    private const long AckAllowance = 2 * AckSchedule.MaxDelay;
    private const long MaxProbeInterval = 2_000_000;
    private const int PersistentAfter = 3;

    // Lost frames are remembered so long: their late acknowledgement shows how long reordering takes.
    private const long RememberLost = 2_000_000;

    // The reordering wait shrinks again after so many losses that were none too early (RFC 8985, section 7.1).
    private const int Persistence = 16;

    private readonly NewReno _control = new(frameSize);
    private readonly Pacer _pacer = new(frameSize);
    private long _latestRoundTrip;
    private long _reorderingWait;
    private int _recoveries;
    private ulong _largestAcknowledged;
    private bool _hasAcknowledged;
    private ulong _firstInFlight;
    private long _elicitedAt;
    private int _backoff;
    private bool _mayProbe;
    private long _reliableInFlight;
    private long _lossDue = long.MaxValue;

    public SentFrames Sent { get; } = new();

    /// <summary>How many frames were lost at last, by the time when they are forgotten.</summary>
    public LossMeter Losses { get; } = new();

    /// <summary>The highest number that is acknowledged; 0 while none is.</summary>
    public ulong LargestAcknowledged => _largestAcknowledged;

    /// <summary>Frames that were acknowledged.</summary>
    public long Acknowledged { get; private set; }

    /// <summary>Bytes of frames that wait for an acknowledgement.</summary>
    public long InFlight { get; private set; }

    /// <summary>Frames that were taken for lost.</summary>
    public long Lost { get; private set; }

    /// <summary>Frames of <see cref="Lost"/> that had arrived.</summary>
    public long Spurious { get; private set; }

    /// <summary>The congestion window in bytes.</summary>
    public long Window => _control.Window;

    /// <summary>When <see cref="OnTimeout"/> is due; long.MaxValue for never.</summary>
    public long Due =>
        _lossDue != long.MaxValue ? _lossDue
        : InFlight > 0 ? _elicitedAt + Math.Max(Math.Min(ProbeTimeout << _backoff, MaxProbeInterval), ProbeTimeout)
        : long.MaxValue;

    /// <summary>When the pacer permits a frame; long.MaxValue while the window is full.</summary>
    public long NextSend =>
        MaySendAnyway ? 0
        : InFlight + frameSize > _control.Window ? long.MaxValue
        : _pacer.NextSend;

    /// <summary>Congestion window and pacer permit another frame.</summary>
    public bool MaySend(long now)
    {
        if (MaySendAnyway)
            return true;
        if (InFlight + frameSize > _control.Window)
            return false;
        _pacer.Fill(now, _control.Window, measurement.SmoothedRoundTrip);
        return _pacer.MaySend;
    }

    /// <summary>A frame was written; its elements are in <see cref="Sent"/>.</summary>
    public void OnSent(long now, int bytes, bool isEliciting, bool isReliable = false)
    {
        Trim(now);
        if (Sent.Count == SentFrames.MaxFrames)
        {
            if (Sent[Sent.First].State == SentState.InFlight)
                Lose(now, Sent.First);
            Forget(now);
        }

        Sent.Commit(now, bytes, isEliciting, isReliable);
        _pacer.OnSent(bytes, hasWaited: isReliable);
        if (!isEliciting)
            return;
        InFlight += bytes;
        _reliableInFlight += isReliable ? bytes : 0;
        _elicitedAt = now;
        _mayProbe = false;
    }

    /// <summary>The peer acknowledges frames.</summary>
    /// <param name="now">The time.</param>
    /// <param name="largest">The highest number that it has.</param>
    /// <param name="delay">How long it held the acknowledgement back.</param>
    /// <param name="bitmap">Which others it has: bit i of word w is the frame 1 + 64 w + i below.</param>
    /// <returns>False when it acknowledges a frame that was not sent.</returns>
    public bool OnAck(long now, ulong largest, long delay, ReadOnlySpan<byte> bitmap)
    {
        if (largest >= Sent.Next)
            return false;
        bool isLimited = InFlight + (2 * frameSize) > _control.Window;
        bool isNew = !_hasAcknowledged || largest > _largestAcknowledged;
        if (isNew && largest >= Sent.First && Sent[largest] is { State: SentState.InFlight, IsUntimed: false } newest)
        {
            _latestRoundTrip = Math.Max(now - newest.SentAt - Math.Clamp(delay, 0, AckAllowance), 1);
            measurement.AddRoundTrip(_latestRoundTrip);
        }

        if (isNew)
            (_largestAcknowledged, _hasAcknowledged) = (largest, true);
        bool any = Acknowledge(now, largest, isLimited);
        for (int i = 0; i < bitmap.Length * 8 && (ulong)i < largest; i++)
        {
            ulong number = largest - 1 - (ulong)i;
            if (number < Sent.First)
                break;
            if ((bitmap[i / 8] & (1 << (i % 8))) != 0)
                any |= Acknowledge(now, number, isLimited);
        }

        if (any)
            _backoff = 0;
        DetectLoss(now);
        return true;
    }

    /// <summary>The path has ended: what is in flight will not be acknowledged.</summary>
    public void LoseAll(long now)
    {
        AdvanceInFlight();
        for (; _firstInFlight < Sent.Next; AdvanceInFlight())
            Lose(now, _firstInFlight);
    }

    /// <summary>A probe of the path was answered: it works again, so that lost content need not wait.</summary>
    public void OnPathAnswers() => _backoff = 0;

    /// <summary>
    /// The path leads elsewhere: round trip, reordering and congestion window are learned anew. Of frames that are in
    /// flight nothing is measured.
    /// </summary>
    public void Restart()
    {
        _backoff = 0;
        _latestRoundTrip = 0;
        _reorderingWait = 0;
        _recoveries = 0;
        _control.Restart();
        for (ulong number = Sent.First; number < Sent.Next; number++)
            Sent[number].IsUntimed = true;
    }

    /// <summary>Processes what is due.</summary>
    public void OnTimeout(long now)
    {
        if (now < Due)
            return;
        if (_lossDue != long.MaxValue)
        {
            DetectLoss(now);
            return;
        }

        // Nothing came back: the content of the oldest frame that still matters is sent again, whether the window is
        // full or not, and asks for an acknowledgement. This says nothing about congestion yet.
        _backoff = Math.Min(_backoff + 1, MaxBackoff);
        _elicitedAt = now;
        if (_backoff >= PersistentAfter)
            _control.OnPersistentCongestion();
        AdvanceInFlight();
        _mayProbe = false; // what the last time-out sent again may have left on another path
        while (_firstInFlight < Sent.Next && !_mayProbe)
        {
            Sent[_firstInFlight].IsUntimed = true;
            _mayProbe = Lose(now, _firstInFlight);
            AdvanceInFlight();
        }

        Trim(now);
    }

    /// <summary>This process did not run for a while: acknowledgements may wait to be read.</summary>
    public void OnStall(long duration)
    {
        _elicitedAt += duration;
        for (ulong number = Sent.First; number < Sent.Next; number++)
        {
            Sent[number].SentAt += duration;
            Sent[number].IsUntimed = true;
        }

        if (_lossDue != long.MaxValue)
            _lossDue += duration;
    }

    // A probe does not wait; and other traffic, which never waits, must not stop reliable messages.
    private bool MaySendAnyway => _mayProbe || _reliableInFlight + frameSize <= _control.Minimum;

    private long ProbeTimeout
    {
        get
        {
            long smoothed = measurement.SmoothedRoundTrip;
            return smoothed == 0
                ? InitialRoundTrip
                : smoothed + Math.Max(4 * measurement.RoundTripVariation, Granularity) + AckAllowance;
        }
    }

    private long LossDelay
    {
        get
        {
            long roundTrip = Math.Max(measurement.SmoothedRoundTrip, _latestRoundTrip);
            return roundTrip + Math.Max(Math.Max(roundTrip / 8, _reorderingWait), Granularity);
        }
    }

    private bool Acknowledge(long now, ulong number, bool isLimited)
    {
        if (number < Sent.First)
            return false;
        ref SentFrame frame = ref Sent[number];
        if (frame.State == SentState.Acknowledged)
            return false;
        if (frame.State == SentState.Lost)
        {
            if (frame.IsEliciting && !frame.IsUntimed)
            {
                Spurious++;
                LearnReordering(now - frame.SentAt);
            }
        }
        else
        {
            Leave(frame);
            _control.OnAcknowledged(frame.SentAt, frame.Bytes, isLimited);
        }

        frame.State = SentState.Acknowledged;
        Acknowledged++;
        for (int i = 0; i < frame.Elements; i++)
            listener.OnAcknowledged(Sent.Element(frame.FirstElement + i), number);
        return true;
    }

    // At most one round trip: beyond that a loss would be noticed too late (RFC 8985, section 6.2).
    private void LearnReordering(long took)
    {
        long smoothed = Math.Max(measurement.SmoothedRoundTrip, 1);
        long wait = took - Math.Max(smoothed, _latestRoundTrip);
        _reorderingWait = Math.Clamp(wait + (wait / 4), _reorderingWait, Math.Max(smoothed, _reorderingWait));
        _recoveries = 0;
    }

    private void DetectLoss(long now)
    {
        _lossDue = long.MaxValue;
        if (!_hasAcknowledged)
            return;
        long delay = LossDelay;
        bool any = false;
        AdvanceInFlight();
        for (ulong number = _firstInFlight; number < _largestAcknowledged; number++)
        {
            ref SentFrame frame = ref Sent[number];
            if (frame.State != SentState.InFlight)
                continue;
            if (now < frame.SentAt + delay)
            {
                _lossDue = frame.SentAt + delay; // later frames were sent later
                break;
            }

            any = true;
            _control.OnLost(now, frame.SentAt);
            Lose(now, number);
        }

        if (any && ++_recoveries >= Persistence)
        {
            _recoveries = 0;
            _reorderingWait /= 2;
        }

        Trim(now);
    }

    // Returns whether anything of it is sent again.
    private bool Lose(long now, ulong number)
    {
        ref SentFrame frame = ref Sent[number];
        frame.State = SentState.Lost;
        Lost++;
        Leave(frame);
        return NotifyLost(now, number);
    }

    private void Leave(in SentFrame frame)
    {
        InFlight -= frame.Bytes;
        _reliableInFlight -= frame.IsReliable ? frame.Bytes : 0;
    }

    private bool NotifyLost(long now, ulong number)
    {
        SentFrame frame = Sent[number];
        bool isRepeated = false;
        for (int i = 0; i < frame.Elements; i++)
            isRepeated |= listener.OnLost(now, Sent.Element(frame.FirstElement + i), number);
        return isRepeated;
    }

    private void AdvanceInFlight()
    {
        _firstInFlight = Math.Max(_firstInFlight, Sent.First);
        while (_firstInFlight < Sent.Next && Sent[_firstInFlight].State != SentState.InFlight)
            _firstInFlight++;
    }

    private void Trim(long now)
    {
        while (Sent.Count > 0 && IsOver(now, Sent[Sent.First]))
            Forget(now);
    }

    private void Forget(long now)
    {
        ref SentFrame first = ref Sent[Sent.First];
        if (first.IsEliciting)
            Losses.Add(first.State == SentState.Lost);
        else if (first.State == SentState.Lost)
            NotifyLost(now, Sent.First);
        Sent.RemoveFirst();
    }

    private static bool IsOver(long now, in SentFrame frame) =>
        frame.State == SentState.Acknowledged || (frame.State == SentState.Lost && now - frame.SentAt > RememberLost);
}
