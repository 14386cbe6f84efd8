using System.Runtime.ExceptionServices;

namespace FastForward.Transport.Loop;

/// <content>Thread ownership, running and ending.</content>
public sealed partial class ForwardLoop
{
    private int _owner;
    private volatile bool _running;
    private volatile bool _stopRequested;
    private volatile bool _disposed;
    private bool _released;
    private Thread? _thread;
    private volatile TaskCompletionSource? _ended;

    /// <summary>
    /// Ends when the present or last <see cref="Run"/> or <see cref="Start"/> does; completed when there was none.
    /// Faulted with the exception that ended the loop early, if one did.
    /// </summary>
    public Task Completion => _ended?.Task ?? Task.CompletedTask;

    /// <summary>
    /// A task that completes when posted work does not run any more: the loop has ended, or was disposed. It stays
    /// incomplete while the loop is driven by hand or was not started. Thread-safe.
    /// </summary>
    /// <remarks>
    /// Read it after <see cref="Post"/>, and wait for the posted work or this: what is posted later may miss the end.
    /// </remarks>
    internal Task Ended
    {
        get
        {
            // Completion is read first: the owner of a loop that ends is cleared before the task completes.
            Task completion = Completion;
            if (!completion.IsCompleted)
                return completion;
            bool hasEnded = _disposed || (_ended is not null && Volatile.Read(ref _owner) == 0);
            return hasEnded && !_running ? Task.CompletedTask : new TaskCompletionSource().Task;
        }
    }

    /// <summary>
    /// Runs duty cycles on the calling thread until <paramref name="cancellationToken"/> or <see cref="StopAsync"/>.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// The loop belongs to another thread, or the caller is inside a callback of it.
    /// </exception>
    public void Run(CancellationToken cancellationToken = default)
    {
        Bind();
        RefuseInside(nameof(Run));
        TaskCompletionSource ended = Begin();
        if (RunUntilEnd(ended, cancellationToken) is { } failure)
            failure.Throw();
    }

    /// <summary>Starts a thread that runs the loop until <see cref="StopAsync"/>.</summary>
    /// <param name="name">The thread's name.</param>
    /// <exception cref="InvalidOperationException">
    /// The loop was started before, or another thread drives it.
    /// </exception>
    public void Start(string name = "FastForward loop")
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_thread is not null)
            throw new InvalidOperationException(
                "The loop was started before; a loop has one thread of its own in its life."
            );
        Thread thread = new(() => RunUntilEnd(_ended!, CancellationToken.None)) { Name = name, IsBackground = true };

        // Bound before the thread runs: what this thread does to the loop after Start is caught as misuse every time,
        // not only when the new thread was fast.
        if (Interlocked.CompareExchange(ref _owner, thread.ManagedThreadId, 0) != 0)
            throw new InvalidOperationException(
                "Another thread drives the loop already: it was bound by DoWork or Run."
            );
        _thread = thread;
        Begin();
        thread.Start();
    }

    /// <summary>
    /// Requests the loop to end after its present cycle. Thread-safe; the loop thread must not wait for the task.
    /// </summary>
    /// <returns><see cref="Completion"/>.</returns>
    public Task StopAsync()
    {
        _stopRequested = true;
        _mailbox.Wake();
        return Completion;
    }

    /// <summary>
    /// Releases the loop's descriptors. Thread-safe: a loop that runs on another thread is stopped first, and the call
    /// blocks until it has ended. Inside a callback the loop ends after the present cycle and releases them then.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Another thread is inside <see cref="DoWork"/> at this moment.
    /// </exception>
    public void Dispose()
    {
        bool here = IsOnLoopThread;
        if (!here && !_running && _dispatching)
            ThrowWrongThread();
        _disposed = true;
        _ = StopAsync();
        if (here && (_running || _dispatching))
            return;
        if (_running)
        {
            Task.WaitAny(Completion);
            _thread?.Join();
        }

        Release();
    }

    /// <summary>
    /// Stops the loop and releases its descriptors, as <see cref="Dispose"/> does, without blocking the caller while
    /// the present cycle ends. Thread-safe; inside a callback it does not wait for that end.
    /// </summary>
    /// <exception cref="InvalidOperationException">
    /// Another thread is inside <see cref="DoWork"/> at this moment.
    /// </exception>
    public async ValueTask DisposeAsync()
    {
        if (_running && !IsOnLoopThread)
        {
            _disposed = true;
            await Task.WhenAny(StopAsync()).ConfigureAwait(false); // its failure is in the log and in Completion
        }

        Dispose();
    }

    private TaskCompletionSource Begin()
    {
        TaskCompletionSource ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _ended = ended;
        _cycleEnd = long.MinValue;
        _running = true;
        return ended;
    }

    private ExceptionDispatchInfo? RunUntilEnd(TaskCompletionSource ended, CancellationToken cancellationToken)
    {
        Exception? failure = null;
        try
        {
            _lastWork = ReadMicros();
            // Posted: a mere wake-up would be lost on a loop that does not sleep yet.
            using CancellationTokenRegistration wake = cancellationToken.UnsafeRegister(
                static loop => ((ForwardLoop)loop!)._mailbox.Post(static () => { }),
                this
            );
            while (!_stopRequested && !cancellationToken.IsCancellationRequested)
                Idle(DoWork());
        }
#pragma warning disable CA1031 // Reported to the owner of the loop, by Run itself or by the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            failure = exception;
            LogLoopEnded(_logger, exception);
        }

        if (_disposed)
            Release();
        _running = false; // before the owner is cleared: a running loop always has an owner
        Volatile.Write(ref _owner, 0);
        if (failure is null)
        {
            ended.SetResult();
            return null;
        }

        ended.SetException(failure);
        _ = ended.Task.Exception; // marks it as observed: it is in the log, and no one has to await the task
        return ExceptionDispatchInfo.Capture(failure);
    }

    private void Bind()
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        int current = Environment.CurrentManagedThreadId;
        int owner = Interlocked.CompareExchange(ref _owner, current, 0);
        if (owner != 0 && owner != current)
            ThrowWrongThread();
        if (owner == 0)
            _lastWork = ReadMicros();
    }

    private void Release()
    {
        if (Interlocked.Exchange(ref _released, true))
            return;
        _epoll.Dispose();
        _mailbox.Dispose();
    }
}
