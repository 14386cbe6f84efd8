using FastForward.Transport.Logging;

namespace FastForward.Transport.Loop;

/// <content>The duty cycle, and idling.</content>
public sealed partial class ForwardLoop
{
    private bool _dispatching;
    private bool _holes;
    private long _lastWork;
    private long _now;
    private long _settledAt = -1; // before it nothing counts as slow
    private long _cycleEnd = long.MinValue;
    private bool _cycleRead;
    private long _expectedRun = long.MaxValue;
    private LogGate _slowGate;
    private LogGate _stallGate;

    /// <summary>Runs one duty cycle without idling.</summary>
    /// <returns>How much work was found; 0 when none.</returns>
    /// <exception cref="InvalidOperationException">
    /// The loop belongs to another thread, or the caller is inside a callback of it.
    /// </exception>
    public int DoWork()
    {
        Bind();
        RefuseInside(nameof(DoWork));
        _dispatching = true;
        try
        {
            ReadClock();
            int work = PollSources() + FireTimers() + _mailbox.Poll(_options.PollBudget);
            FlushAll();
            Statistics.Cycle(work);
            MeasureCycle();
            return work;
        }
        finally
        {
            EndDispatch();
            if (_disposed && !_running)
                Release(); // a callback disposed the loop
        }
    }

    /// <summary>Idles as <see cref="ForwardLoopOptions.Idle"/> says, after a cycle.</summary>
    /// <param name="work">What <see cref="DoWork"/> of that cycle returned.</param>
    /// <exception cref="InvalidOperationException">
    /// The loop belongs to another thread, or the caller is inside a callback of it.
    /// </exception>
    public void Idle(int work)
    {
        VerifyAccess();
        RefuseInside(nameof(Idle));
        if (work > 0)
            _lastWork = NowMicros;
        switch (_options.Idle)
        {
            case IdleStrategy.BusySpin:
            case IdleStrategy.Adaptive when work > 0 || NowMicros - _lastWork < _spinMicros:
                return;

            // Block sleeps after work too: remaining work is reported by Arm or by a descriptor, which costs less than
            // a whole cycle that finds nothing.
            default:
                Sleep(long.MaxValue);
                return;
        }
    }

    /// <summary>Sleeps until an event, a due timer or a post; not at all while work is pending.</summary>
    /// <param name="limit">
    /// The longest sleep; <see cref="Timeout.InfiniteTimeSpan"/> sets none, zero or less returns at once.
    /// </param>
    /// <exception cref="InvalidOperationException">
    /// The loop belongs to another thread, or the caller is inside a callback of it.
    /// </exception>
    public void Sleep(TimeSpan limit) => Sleep(LoopTime.ToMicros(limit));

    /// <summary>As <see cref="Sleep(TimeSpan)"/>, in microseconds.</summary>
    internal void Sleep(long limitMicros)
    {
        VerifyAccess();
        ObjectDisposedException.ThrowIf(_released, this);
        RefuseInside(nameof(Sleep));
        _cycleEnd = long.MinValue;
        try
        {
            bool pending = ArmAll();
            long due = Timers.NextDue;
            long wait = due == long.MaxValue ? long.MaxValue : due - ReadMicros();
            wait = Math.Min(wait, limitMicros);
            if (pending || wait <= 0 || _stopRequested)
                return;
            _epoll.Wait(wait == long.MaxValue ? -1 : wait);
            Statistics.Slept();

            // A sleep without a timer may last any time; with a timer, waking up later than it is due is a stall.
            _expectedRun = due;
        }
        finally
        {
            DisarmAll();
        }
    }

    private void ReadClock()
    {
        // Run starts a cycle when the previous one ended and reuses that reading: one clock reading less per cycle.
        _now = _running && _cycleEnd != long.MinValue ? _cycleEnd : ReadMicros();
        _cycleEnd = long.MinValue;
        _cycleRead = true;
        if (_settledAt < 0)
            _settledAt = _now + LoopTime.ToMicros(_options.SlowCycleGrace);
        long late = NowMicros - _expectedRun; // negative while the expectation is unset
        StalledMicros = late > StallThresholdMicros ? late : 0;
        if (StalledMicros > 0)
        {
            Statistics.Stalled();
            if (_stallGate.TryPass(NowMicros, out long suppressed))
                LogStalled(_logger, StalledMicros / 1000, suppressed);
        }

        _expectedRun = NowMicros;
    }

    private bool ArmAll()
    {
        _dispatching = true;
        bool pending = _mailbox.Arm();
        for (int i = 0; i < _sources.Count; i++)
        {
            ILoopSource? source = _sources[i];
            if (source is null)
                continue;
            try
            {
                pending |= source.Arm();
            }
            catch (Exception exception) when (Survives(exception, source.GetType().Name))
            {
                pending = true; // a source that failed to answer may have work
            }
        }

        return pending;
    }

    private void DisarmAll()
    {
        try
        {
            _mailbox.Disarm();
            for (int i = 0; i < _sources.Count; i++)
            {
                ILoopSource? source = _sources[i];
                if (source is null)
                    continue;
                try
                {
                    source.Disarm();
                }
                catch (Exception exception) when (Survives(exception, source.GetType().Name)) { }
            }
        }
        finally
        {
            EndDispatch();
        }
    }

    private int PollSources()
    {
        int work = 0;
        for (int i = 0; i < _sources.Count; i++)
        {
            ILoopSource? source = _sources[i];
            if (source is null)
                continue;
            try
            {
                work += source.Poll(_options.PollBudget);
            }
            catch (Exception exception) when (Survives(exception, source.GetType().Name))
            {
                work++;
            }
        }

        return work;
    }

    private int FireTimers()
    {
        int fired = 0;
        Timers.Collect(NowMicros, _options.PollBudget);
        while (Timers.TakeCollected() is { } timer)
        {
            fired++;
            try
            {
                timer.Fire();
            }
            catch (Exception exception) when (Survives(exception, "timer")) { }
        }

        return fired;
    }

    private void RunPosted(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (Survives(exception, "posted work")) { }
    }

    private void FlushAll()
    {
        for (int i = 0; i < _flushes.Count; i++)
        {
            ILoopFlush? flush = _flushes[i];
            if (flush is null)
                continue;
            try
            {
                flush.Flush();
            }
            catch (Exception exception) when (Survives(exception, flush.GetType().Name)) { }
        }
    }

    /// <summary>
    /// What takes longer, in microseconds, counts as slow now; nothing does while the process starts.
    /// </summary>
    internal long SlowLimit => NowMicros < _settledAt ? long.MaxValue : SlowMicros;

    private void MeasureCycle()
    {
        _cycleEnd = ReadMicros();
        long took = _cycleEnd - NowMicros;
        if (Statistics.Took(NowMicros, took, SlowLimit) && _slowGate.TryPass(NowMicros, out long suppressed))
            LogSlowCycle(_logger, took, SlowMicros, suppressed);
    }

    private void EndDispatch()
    {
        _dispatching = false;
        if (!_holes)
            return;
        _holes = false;
        _sources.RemoveAll(static source => source is null);
        _flushes.RemoveAll(static flush => flush is null);
    }
}
