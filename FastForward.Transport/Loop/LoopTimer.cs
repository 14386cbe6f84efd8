namespace FastForward.Transport.Loop;

/// <summary>
/// A timer of a <see cref="ForwardLoop"/>, made once and set as often as needed: setting it allocates nothing. It fires
/// once per setting, on the loop thread, in the first duty cycle at or after its due time.
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
    public bool IsSet => HeapIndex >= 0;

    /// <summary>When it is due, on the clock of <see cref="ForwardLoop.Now"/> (microseconds).</summary>
    public long Due { get; internal set; }

    /// <summary>Its place in the heap, -1 when not set.</summary>
    internal int HeapIndex { get; set; } = -1;

    /// <summary>Sets or moves the timer.</summary>
    /// <param name="due">When, in microseconds on the clock of <see cref="ForwardLoop.Now"/>; the past means the next cycle.</param>
    public void Set(long due)
    {
        _loop.VerifyAccess();
        _loop.Timers.Set(this, due);
    }

    /// <summary>Sets or moves the timer to <paramref name="delayMicros"/> microseconds from now.</summary>
    public void SetAfter(long delayMicros) => Set(_loop.Now + delayMicros);

    /// <summary>Takes the setting back; nothing happens when it was not set.</summary>
    public void Cancel()
    {
        _loop.VerifyAccess();
        _loop.Timers.Remove(this);
    }

    internal void Fire() => _callback();
}
