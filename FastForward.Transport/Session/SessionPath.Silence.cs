using FastForward.Transport.Session.Recovery;

namespace FastForward.Transport.Session;

/// <content>
/// What silence makes of a path: doubtful, so that another one helps; suspect, so that another one takes over; and
/// returning, until it has proven for a while that it works again.
/// </content>
internal sealed partial class SessionPath
{
    private const long AskInterval = 100_000;
    private const long ReturnInterval = 250_000;
    private const long ReturnTime = 2_000_000;
    private const int ReturnAnswers = 8;
    private const long ReportAfter = 1_000_000;

    private PathSilence _silence = PathSilence.None;
    private long _suspectSince;
    private int _asked; // since it is doubtful
    private long _askDue;
    private long _returnsSince;
    private int _answers;
    private long _steadyAt = long.MaxValue;
    private long _reportDue = long.MaxValue;
    private bool _wasUnused; // when it became doubtful

    /// <summary>Three probes in a row were not answered.</summary>
    public bool IsSuspect { get; private set; }

    /// <summary>
    /// It owes an answer for so long that what is sent on it may be lost. It carries messages all the same.
    /// </summary>
    public bool IsDoubtful { get; private set; }

    /// <summary>It was suspect, and has not answered for long enough since.</summary>
    public bool IsReturning { get; private set; }

    /// <summary>It is not doubtful, and was not in the last time.</summary>
    public bool IsSteady => !IsDoubtful && _steadyAt == long.MaxValue;

    /// <summary>Established and not suspect.</summary>
    public bool IsSound => IsEstablished && !IsSuspect;

    /// <summary>The time in which what was sent is answered, unless it was lost.</summary>
    public long LongestAnswer =>
        Measurement.SmoothedRoundTrip + (4 * Measurement.RoundTripVariation) + AckSchedule.MaxDelay;

    /// <summary>Another path between the same ends has not proven yet that they are connected again.</summary>
    public void BeginReturn(long now)
    {
        IsReturning = true;
        _returnsSince = now;
        _answers = 0;
        _askDue = now;
    }

    // Where another path works, this one is asked often: its end, or its return, is to be known soon.
    private bool IsAskedOften => (IsReturning || (IsDoubtful && !IsOrdered)) && Peer.HasAlternative(this);

    private long SilenceLimit => PathSilence.LimitOf(Measurement, _figures?.PeerReport?.Q99 ?? 0);

    private long SilenceDue
    {
        get
        {
            long due = IsSuspect || IsDoubtful ? long.MaxValue : _silence.Due(SilenceLimit);
            if (IsAskedOften)
                due = Math.Min(due, _askDue);
            return Math.Min(due, Math.Min(_steadyAt, _reportDue));
        }
    }

    /// <summary>Another path of the peer has become silent: maybe the peer is, and not that path.</summary>
    public void Ask(long now)
    {
        if (!IsEstablished)
            return;
        Prober.Ask();
        _silence.OnAsked(now);
    }

    // A time in which this process did not run.
    private void ExtendSilence(long duration)
    {
        _silence.OnStall(duration);
        _askDue += duration;
        _returnsSince += duration;
        if (_steadyAt != long.MaxValue)
            _steadyAt += duration;
        if (_reportDue != long.MaxValue)
            _reportDue += duration;
    }

    private void OnSilenceDue(long now)
    {
        if (now >= _steadyAt)
        {
            _steadyAt = long.MaxValue;
            Peer.OnSteady(this, now);
        }

        if (now >= _reportDue)
        {
            _reportDue = long.MaxValue;
            Peer.OnLongSilence(this, _wasUnused);
        }

        if (!IsSuspect && !IsDoubtful && now >= _silence.Due(SilenceLimit))
        {
            if (_silence.TryAsk())
                Ask(now);
            else
                BecomeDoubtful(now);
        }

        if (IsAskedOften && now >= _askDue)
            AskAgain(now);
    }

    private void BecomeDoubtful(long now)
    {
        IsDoubtful = true;
        _steadyAt = long.MaxValue;
        _asked = 0;
        _answers = 0;
        _returnsSince = now;
        _askDue = now;
        _reportDue = now + ReportAfter;
        _wasUnused = !Peer.IsInUse(this);
        Peer.OnDoubtful(this, now);
    }

    private void AskAgain(long now)
    {
        if (IsDoubtful && _asked >= PathProber.SuspectAfter)
        {
            BecomeSuspect(now);
            return;
        }

        Prober.Ask();
        _asked++;
        _askDue = now + (IsDoubtful ? Math.Max(AskInterval, LongestAnswer) : Math.Min(ReturnInterval, Prober.Interval));
    }

    private void BecomeSuspect(long now)
    {
        if (IsSuspect)
            return;
        IsSuspect = true;
        IsDoubtful = false;
        IsReturning = false;
        _silence = PathSilence.None;
        _suspectSince = now;
        Peer.OnSuspect(this, now);
    }

    // Something that was sent has arrived.
    private void OnConfirmed(long now)
    {
        Measured.LastDelivered = now;
        _reportDue = long.MaxValue;
        _silence.OnConfirmed(now, isMoreAwaited: Recovery is { InFlight: > 0 } || !Prober.IsAnswered);
        if (IsDoubtful)
        {
            IsDoubtful = false;
            _steadyAt = now + ReturnTime;
        }

        Peer.OnConfirmed(this, now);
    }

    private void OnAnswered(long now)
    {
        OnConfirmed(now);
        if (IsSuspect)
        {
            IsSuspect = false;
            if (Peer.HasAlternative(this))
                BeginReturn(now);
            Peer.OnSound(this, now);
        }
        else if (IsReturning)
        {
            _answers++;
            if (Peer.HasAlternative(this) && (_answers < ReturnAnswers || now - _returnsSince < ReturnTime))
                return;
            IsReturning = false;
            Peer.OnSound(this, now);
        }
    }
}
