using System.Threading.Tasks.Sources;

namespace FastForward.Transport.Async;

/// <summary>
/// Wakes one reader. It remembers one wake-up, may wake without cause, and allocates nothing: the reader checks its
/// condition, waits, and checks again.
/// </summary>
internal sealed class ReadySignal : IValueTaskSource
{
    private const int Idle = 0;
    private const int Set = 1;
    private const int Waiting = 2;

    // The reader must not continue on the loop thread, which raises the signal.
    private ManualResetValueTaskSourceCore<bool> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _registration;
    private CancellationToken _cancellationToken;
    private int _state;

    /// <summary>Wakes the reader, or completes its next wait at once. Thread-safe.</summary>
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
    public ValueTask WaitAsync(CancellationToken cancellationToken)
    {
        if (cancellationToken.IsCancellationRequested)
            return ValueTask.FromCanceled(cancellationToken);
        if (Interlocked.CompareExchange(ref _state, Idle, Set) == Set)
            return ValueTask.CompletedTask;
        _core.Reset();
        _cancellationToken = cancellationToken;
        if (Interlocked.CompareExchange(ref _state, Waiting, Idle) != Idle)
        {
            Volatile.Write(ref _state, Idle);
            return ValueTask.CompletedTask;
        }

        _registration = cancellationToken.UnsafeRegister(static signal => ((ReadySignal)signal!).Cancel(), this);
        return new ValueTask(this, _core.Version);
    }

    void IValueTaskSource.GetResult(short token)
    {
        _registration.Dispose(); // waits for a running callback, which must not reach the next wait
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
            _core.SetException(new OperationCanceledException(_cancellationToken));
    }
}
