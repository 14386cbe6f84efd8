namespace FastForward.Transport.Loop;

/// <summary>
/// A timer of a <see cref="ForwardLoop"/>, made once and set as often as needed: setting it allocates nothing. It fires
/// once per setting, on the loop thread, in the first duty cycle at or after its due time; timers due in one cycle fire in
/// the order of their due times, and of equal ones in the order they were set.
/// </summary>
public sealed class LoopTimer
{
    private readonly ForwardLoop _loop;
    private readonly Action _callback;

    internal LoopTimer(ForwardLoop loop, Action callback)
    {
        _loop = loop;
        _callback = callback;
    }

    /// <summary>True from <see cref="Set"/> until it fires or is cancelled.</summary>
    public bool IsSet => HeapIndex != -1;

    /// <summary>When it is due, on the clock of <see cref="ForwardLoop.Now"/> (microseconds).</summary>
    public long Due { get; internal set; }

    /// <summary>Its place in the heap, -1 when not set, -2 when about to fire in this cycle.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>Counts settings, so that equal due times keep their order.</summary>
    internal ulong Order { get; set; }

    /// <summary>Sets or moves the timer.</summary>
    /// <param name="due">When, in microseconds on the clock of <see cref="ForwardLoop.Now"/>; the past means the next cycle, when set by a timer the one after this.</param>
    public void Set(long due)
    {
        _loop.VerifyAccess();
        _loop.Timers.Set(this, due);
    }

    /// <summary>
    /// Sets or moves the timer to <paramref name="delayMicros"/> microseconds from the start of this cycle
    /// (<see cref="ForwardLoop.Now"/>); so far away that the clock cannot count it means never.
    /// </summary>
    public void SetAfter(long delayMicros) =>
        Set(delayMicros > long.MaxValue - _loop.Now ? long.MaxValue : _loop.Now + delayMicros);

    /// <summary>Takes the setting back; nothing happens when it was not set.</summary>
    public void Cancel()
    {
        _loop.VerifyAccess();
        _loop.Timers.Remove(this);
    }

    internal void Fire() => _callback();
}
