using System.Threading.Tasks.Sources;

namespace FastForward.Transport.Async;

/// <summary>
/// Wakes one reader when there is something to look at. It remembers one wake-up, may wake for nothing, and allocates
/// nothing: the reader looks first, waits, and looks again.
/// </summary>
internal sealed class ReadySignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Set = 1;
    private const int Waiting = 2;

    // Not on the loop thread, which is the one that wakes.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellation;
    private int _state;

    /// <summary>Wakes the reader, or lets its next wait end at once. Any thread may call it.</summary>
    public void Raise()
    {
        while (true)
        {
            int state = Interlocked.CompareExchange(ref _state, Set, Idle);
            if (state != Waiting)
                return;
            if (Interlocked.CompareExchange(ref _state, Idle, Waiting) != Waiting)
                continue;
            _core.SetResult(true);
            return;
        }
    }

    /// <summary>Waits for <see cref="Raise"/>. One waiter at a time.</summary>
    /// <exception cref="OperationCanceledException">The token was cancelled; nothing was taken.</exception>
    public ValueTask WaitAsync(CancellationToken cancellation)
    {
        if (cancellation.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellation);
        if (Interlocked.CompareExchange(ref _state, Idle, Set) == Set)
            return ValueTask.CompletedTask;
        _core.Reset();
        _cancellation = cancellation;
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) != Idle)
        {
            Volatile.Write(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        _registration = cancellation.UnsafeRegister(static signal => ((ReadySignal)signal!).Cancel(), this);
        return new ValueTask(this, _core.Version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _registration.Dispose(); // it waits for a callback under way, which must not meet the next wait
        _core.GetResult(token);
    }

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);

    private void Cancel()
    {
        if (Interlocked.CompareExchange(ref _state, Idle, Waiting) == Waiting)
            _core.SetException(new OperationCanceledException(_cancellation));
    }
}
