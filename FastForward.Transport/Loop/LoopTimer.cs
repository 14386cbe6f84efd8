namespace FastForward.Transport.Loop;

/// <summary>
/// A one-shot timer of a <see cref="ForwardLoop"/>. Make it once and set it as often as needed: setting it allocates
/// nothing.
/// </summary>
/// <remarks>
/// It fires once per setting, on the loop thread, in the first duty cycle at or after its due time. Timers that are due
/// in one cycle fire in the order of their due times; with equal due times, in the order in which they were set.
/// Resolution is 1 microsecond; all members belong to the loop thread.
/// </remarks>
public sealed class LoopTimer
{
    private readonly ForwardLoop _loop;
    private readonly Action<object> _callback;
    private readonly object _state;

    internal LoopTimer(ForwardLoop loop, Action<object> callback, object state)
    {
        _loop = loop;
        _callback = callback;
        _state = state;
    }

    /// <summary>True from the setting of the timer until it fires or is cancelled.</summary>
    public bool IsSet => HeapIndex != -1;

    /// <summary>When it is due, in microseconds on the clock of <see cref="ForwardLoop.Now"/>.</summary>
    internal long Due { get; set; }

    /// <summary>Its place in the heap, -1 when not set, -2 when about to fire in this cycle.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>Counts settings, so that equal due times keep their order.</summary>
    internal ulong Order { get; set; }

    /// <summary>
    /// Sets or moves the timer to a delay from the start of this cycle (<see cref="ForwardLoop.Now"/>).
    /// </summary>
    /// <param name="delay">
    /// The delay; zero or less means the next cycle, <see cref="Timeout.InfiniteTimeSpan"/> means never.
    /// </param>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public void SetAfter(TimeSpan delay) => SetAfter(LoopTime.ToMicros(delay));

    /// <summary>Sets or moves the timer to a point in time.</summary>
    /// <param name="due">
    /// When it is due, on the clock of <see cref="ForwardLoop.Now"/>; the past means the next cycle. A timer that
    /// periodic work sets to the previous due time plus the period does not drift.
    /// </param>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public void SetAt(TimeSpan due) => SetAt(LoopTime.ToMicros(due));

    /// <summary>Cancels the setting. Does nothing when the timer is not set.</summary>
    /// <exception cref="InvalidOperationException">The caller is not on the loop thread.</exception>
    public void Cancel()
    {
        _loop.VerifyAccess();
        _loop.Timers.Remove(this);
    }

    /// <summary>As <see cref="SetAt(TimeSpan)"/>, in microseconds.</summary>
    internal void SetAt(long due)
    {
        _loop.VerifyAccess();
        _loop.Timers.Set(this, due);
    }

    /// <summary>
    /// As <see cref="SetAfter(TimeSpan)"/>, in microseconds; a delay beyond the range of the clock means never.
    /// </summary>
    internal void SetAfter(long delayMicros) =>
        SetAt(delayMicros > long.MaxValue - _loop.NowMicros ? long.MaxValue : _loop.NowMicros + delayMicros);

    internal void Fire() => _callback(_state);
}
