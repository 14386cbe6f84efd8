namespace FastForward.Transport.Loop;

/// <summary>Counters of a loop since its start. Written by the loop thread, readable on any thread.</summary>
public sealed class LoopStatistics
{
    private const long WindowMicros = 10_000_000;

    private long _cycles;
    private long _workItems;
    private long _sleeps;
    private long _slowCycles;
    private long _longestCycle;
    private long _windowLongest;
    private long _formerWindowLongest;
    private long _windowEnds;
    private long _totalCycle;
    private long _failures;
    private long _stalls;

    internal LoopStatistics() { }

    /// <summary>Duty cycles.</summary>
    public long Cycles => Volatile.Read(ref _cycles);

    /// <summary>Items of work that sources, timers and the mailbox reported.</summary>
    public long WorkItems => Volatile.Read(ref _workItems);

    /// <summary>Times the loop waited in the kernel for an event, however short.</summary>
    public long Sleeps => Volatile.Read(ref _sleeps);

    /// <summary>Cycles longer than <see cref="ForwardLoopOptions.SlowCycleLimit"/>.</summary>
    public long SlowCycles => Volatile.Read(ref _slowCycles);

    /// <summary>The longest cycle.</summary>
    public TimeSpan LongestCycle => TimeSpan.FromMicroseconds(Volatile.Read(ref _longestCycle));

    /// <summary>
    /// The longest cycle of the last 10 to 20 seconds, for graphs. It does not change while the loop sleeps.
    /// </summary>
    public TimeSpan RecentLongestCycle => TimeSpan.FromMicroseconds(RecentLongestCycleMicros);

    /// <summary>The duration of all cycles together; divided by <see cref="Cycles"/>, the mean.</summary>
    public TimeSpan TotalCycleTime => TimeSpan.FromMicroseconds(Volatile.Read(ref _totalCycle));

    /// <summary>Exceptions that left callbacks.</summary>
    public long CallbackFailures => Volatile.Read(ref _failures);

    /// <summary>Times this process was kept from running (see <see cref="ForwardLoop.StalledFor"/>).</summary>
    public long Stalls => Volatile.Read(ref _stalls);

    internal long RecentLongestCycleMicros =>
        Math.Max(Volatile.Read(ref _windowLongest), Volatile.Read(ref _formerWindowLongest));

    internal void Cycle(int work)
    {
        _cycles++;
        _workItems += work;
    }

    internal void Slept() => _sleeps++;

    internal void Stalled() => _stalls++;

    internal void Failed() => _failures++;

    internal bool Took(long now, long micros, long slow)
    {
        if (now >= _windowEnds)
        {
            _formerWindowLongest = now >= _windowEnds + WindowMicros ? 0 : _windowLongest;
            _windowLongest = 0;
            _windowEnds = now + WindowMicros;
        }

        if (micros > _windowLongest)
            _windowLongest = micros;
        _totalCycle += micros;
        if (micros > _longestCycle)
            _longestCycle = micros;
        if (micros <= slow)
            return false;
        _slowCycles++;
        return true;
    }
}
