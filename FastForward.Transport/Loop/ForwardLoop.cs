using FastForward.Transport.Interop;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Loop;

/// <summary>
/// The single-threaded event loop that everything of a node runs on. One duty cycle: read the clock, poll the sources,
/// fire the timers, run what other threads posted, flush; then idle.
/// </summary>
/// <remarks>
/// <para>Drive it in one of three ways: <see cref="Start"/> gives it a thread of its own; <see cref="Run"/> takes the
/// calling thread; an embedder or a test calls <see cref="DoWork"/> (and <see cref="Idle"/>) itself.</para>
/// <para>The first of these calls binds the loop to its thread. From then on every member but <see cref="Post"/>,
/// <see cref="Statistics"/>, <see cref="StopAsync"/> and <see cref="IsOnLoopThread"/> throws
/// <see cref="InvalidOperationException"/> on other threads. Before it, one thread at a time may set things up.</para>
/// </remarks>
public sealed partial class ForwardLoop : IDisposable
{
    private const long StallThresholdMicros = 500_000;

    private readonly ForwardLoopOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly double _microsPerTick;
    private readonly long _origin;
    private readonly Epoll _epoll = new(16);
    private readonly Mailbox _mailbox;
    private readonly List<ILoopSource?> _sources = [];
    private readonly List<ILoopFlush?> _flushes = [];
    private readonly long _spinMicros;

    private int _owner;
    private bool _dispatching;
    private bool _holes;
    private bool _disposed;
    private long _lastWork;
    private long _expectedRun;
    private Thread? _thread;
    private TaskCompletionSource? _ended;
    private volatile bool _stopRequested;

    /// <summary>Creates a loop.</summary>
    /// <param name="options">Settings; defaults when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Where slow cycles and failing callbacks are reported.</param>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ForwardLoop(ForwardLoopOptions? options = null, TimeProvider? time = null, ILogger<ForwardLoop>? logger = null)
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException("FastForward.Transport runs on Linux (x64, arm64): it uses epoll, UNIX seqpacket sockets and recvmmsg.");
        _options = options ?? new ForwardLoopOptions();
        _options.Validate();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<ForwardLoop>.Instance;
        _microsPerTick = 1e6 / _time.TimestampFrequency;
        _origin = _time.GetTimestamp();
        _spinMicros = Environment.ProcessorCount == 1 ? 0 : _options.SpinMicros;
        _mailbox = new Mailbox(RunPosted);
        _epoll.Add(_mailbox.Descriptor, LibC.EPOLLIN, 0);
        _expectedRun = long.MaxValue;
    }

    /// <summary>
    /// The time of this duty cycle in microseconds since the loop was made: monotonic, read once per cycle.
    /// </summary>
    public long Now { get; private set; }

    /// <summary>
    /// How long before this cycle the process was kept from running (a stopped process, a long pause, a slow callback),
    /// in microseconds; 0 when it was below half a second. Whoever judges a peer by its silence takes this off.
    /// </summary>
    public long StalledMicros { get; private set; }

    /// <summary>Counters; any thread may read them.</summary>
    public LoopStatistics Statistics { get; } = new();

    /// <summary>True on the thread the loop is bound to, and on every thread before it is bound.</summary>
    public bool IsOnLoopThread => _owner == 0 || _owner == Environment.CurrentManagedThreadId;

    internal TimerHeap Timers { get; } = new();

    internal bool FailFast => _options.FailFast;

    /// <summary>Attaches a source. It is polled from this or the next cycle on.</summary>
    public void Add(ILoopSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        VerifyAccess();
        if (_sources.Contains(source)) throw new ArgumentException("The source is attached already.", nameof(source));
        if (source.Descriptor >= 0) _epoll.Add(source.Descriptor, LibC.EPOLLIN, 0);
        _sources.Add(source);
    }

    /// <summary>Detaches a source, before its descriptor is closed. It is not called again.</summary>
    public void Remove(ILoopSource source)
    {
        VerifyAccess();
        if (TakeOut(_sources, source) && source.Descriptor >= 0) _epoll.Remove(source.Descriptor);
    }

    /// <summary>Attaches something that sends its output at the end of each cycle.</summary>
    public void Add(ILoopFlush flush)
    {
        ArgumentNullException.ThrowIfNull(flush);
        VerifyAccess();
        if (_flushes.Contains(flush)) throw new ArgumentException("The flush is attached already.", nameof(flush));
        _flushes.Add(flush);
    }

    /// <summary>Detaches it.</summary>
    public void Remove(ILoopFlush flush)
    {
        VerifyAccess();
        TakeOut(_flushes, flush);
    }

    /// <summary>Makes a timer that calls <paramref name="callback"/> when it fires.</summary>
    public LoopTimer CreateTimer(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return new LoopTimer(this, callback);
    }

    /// <summary>Runs <paramref name="work"/> on the loop thread in one of its next cycles. Any thread may call it.</summary>
    public void Post(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        _mailbox.Post(work);
    }

    /// <summary>Throws unless the caller is on the loop thread.</summary>
    /// <exception cref="InvalidOperationException">Another thread called; the message says how to do it right.</exception>
    public void VerifyAccess()
    {
        if (!IsOnLoopThread) ThrowWrongThread();
    }

    /// <summary>Runs one duty cycle without idling.</summary>
    /// <returns>How much work was found; 0 when none.</returns>
    /// <exception cref="InvalidOperationException">The loop belongs to another thread, or the caller is inside a callback of it.</exception>
    public int DoWork()
    {
        Bind();
        if (_dispatching) throw new InvalidOperationException("DoWork was called from inside a callback of the same loop: dispatch does not recurse.");
        _dispatching = true;
        try
        {
            ReadClock();
            int work = PollSources() + FireTimers() + _mailbox.Poll(_options.PollBudget);
            FlushAll();
            Statistics.Cycle(work);
            if (work > 0) MeasureCycle();
            return work;
        }
        finally
        {
            _dispatching = false;
            if (_holes) CloseHoles();
        }
    }

    /// <summary>Idles as the options say, after a cycle that found <paramref name="work"/> items.</summary>
    public void Idle(int work)
    {
        VerifyAccess();
        if (work > 0)
        {
            _lastWork = Now;
            return;
        }

        if (_options.Idle == IdleStrategy.BusySpin) return;
        if (_options.Idle == IdleStrategy.Adaptive && Now - _lastWork < _spinMicros) return;
        Sleep(long.MaxValue);
    }

    /// <summary>Sleeps until an event, a due timer or a post, at most <paramref name="limitMicros"/>; not at all when work is pending.</summary>
    public void Sleep(long limitMicros)
    {
        VerifyAccess();
        bool pending = _mailbox.Arm();
        for (int i = 0; i < _sources.Count; i++) pending |= _sources[i]!.Arm();

        long due = Timers.NextDue;
        long wait = due == long.MaxValue ? long.MaxValue : due - Clock();
        wait = Math.Min(wait, limitMicros);
        if (!pending && wait > 0 && !_stopRequested)
        {
            _epoll.Wait(wait == long.MaxValue ? -1 : wait);
            Statistics.Slept();
        }

        // Asleep without a timer, any length of sleep is in order; with one, running later than it is a stall.
        _expectedRun = due;
        for (int i = 0; i < _sources.Count; i++) _sources[i]!.Disarm();
        _mailbox.Disarm();
    }

    /// <summary>Runs duty cycles on the calling thread until <paramref name="cancellation"/> or <see cref="StopAsync"/>.</summary>
    public void Run(CancellationToken cancellation = default)
    {
        Bind();
        using CancellationTokenRegistration wake = cancellation.UnsafeRegister(static loop => ((ForwardLoop)loop!)._mailbox.Post(static () => { }), this);
        while (!_stopRequested && !cancellation.IsCancellationRequested) Idle(DoWork());
    }

    /// <summary>Starts a thread that runs the loop until <see cref="StopAsync"/>.</summary>
    /// <param name="name">The thread's name.</param>
    /// <exception cref="InvalidOperationException">The loop is bound to a thread already.</exception>
    public void Start(string name = "FastForward loop")
    {
        if (_owner != 0 || _thread is not null) throw new InvalidOperationException("The loop runs already, or another thread drives it.");
        _ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _thread = new Thread(RunThread) { Name = name, IsBackground = true };
        _thread.Start();
    }

    /// <summary>
    /// Asks the loop to end after its present cycle. The task ends when it has; it carries the exception that ended the
    /// loop early, if one did. Any thread may call it.
    /// </summary>
    public Task StopAsync()
    {
        _stopRequested = true;
        _mailbox.Post(static () => { });
        return _ended?.Task ?? Task.CompletedTask;
    }

    /// <summary>The task that ends when a loop started with <see cref="Start"/> ends; completed when it was not started.</summary>
    public Task Completion => _ended?.Task ?? Task.CompletedTask;

    /// <summary>Releases the loop's descriptors. A loop with a thread of its own is stopped first.</summary>
    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        if (_thread is not null && Environment.CurrentManagedThreadId != _owner)
        {
            _ = StopAsync();
            _thread.Join();
        }

        _epoll.Dispose();
        _mailbox.Dispose();
    }

    /// <summary>Reports an exception out of a callback, and lets it through when the loop is to fail fast.</summary>
    /// <returns>True when the caller shall go on; false when it shall rethrow.</returns>
    internal bool Survives(Exception exception, string where)
    {
        Statistics.Failed();
        LogCallbackFailed(_logger, where, exception);
        return !_options.FailFast;
    }

    private void RunThread()
    {
        try
        {
            Run();
            _ended!.SetResult();
        }
#pragma warning disable CA1031 // The thread's owner gets whatever ended it, through the task.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            LogLoopEnded(_logger, exception);
            _ended!.SetException(exception);
        }
    }

    private void Bind()
    {
        int current = Environment.CurrentManagedThreadId;
        if (_owner == current) return;
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (Interlocked.CompareExchange(ref _owner, current, 0) is not 0) ThrowWrongThread();
        _lastWork = Clock();
    }

    /// <summary>The clock itself, for a caller outside a duty cycle, where <see cref="Now"/> may be old.</summary>
    internal long Clock() => (long)((_time.GetTimestamp() - _origin) * _microsPerTick);

    private void ReadClock()
    {
        Now = Clock();
        long late = Now - _expectedRun; // negative while the expectation is unset
        StalledMicros = late > StallThresholdMicros ? late : 0;
        if (StalledMicros > 0)
        {
            Statistics.Stalled();
            LogStalled(_logger, StalledMicros / 1000);
        }

        _expectedRun = Now;
    }

    private int PollSources()
    {
        int work = 0;
        for (int i = 0; i < _sources.Count; i++)
        {
            ILoopSource? source = _sources[i];
            if (source is null) continue;
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
        while (fired < _options.PollBudget && Timers.TakeDue(Now) is { } timer)
        {
            fired++;
            try
            {
                timer.Fire();
            }
            catch (Exception exception) when (Survives(exception, "timer"))
            {
            }
        }

        return fired;
    }

    private void RunPosted(Action work)
    {
        try
        {
            work();
        }
        catch (Exception exception) when (Survives(exception, "posted work"))
        {
        }
    }

    private void FlushAll()
    {
        for (int i = 0; i < _flushes.Count; i++)
        {
            ILoopFlush? flush = _flushes[i];
            if (flush is null) continue;
            try
            {
                flush.Flush();
            }
            catch (Exception exception) when (Survives(exception, flush.GetType().Name))
            {
            }
        }
    }

    private void MeasureCycle()
    {
        long took = Clock() - Now;
        if (Statistics.Took(took, _options.SlowCycleMicros)) LogSlowCycle(_logger, took, _options.SlowCycleMicros);
    }

    // Lists are walked by index while callbacks may attach and detach; what is detached leaves a hole until the cycle ends.
    private bool TakeOut<T>(List<T?> list, T item)
        where T : class
    {
        int index = list.IndexOf(item);
        if (index < 0) return false;
        if (_dispatching)
        {
            list[index] = null;
            _holes = true;
        }
        else
        {
            list.RemoveAt(index);
        }

        return true;
    }

    private void CloseHoles()
    {
        _holes = false;
        _sources.RemoveAll(static source => source is null);
        _flushes.RemoveAll(static flush => flush is null);
    }

    private void ThrowWrongThread() => throw new InvalidOperationException(
        $"This object belongs to the loop thread {_owner} and was called on thread {Environment.CurrentManagedThreadId}. Use ForwardLoop.Post to run code on the loop thread.");

    [LoggerMessage(EventId = 1000, Level = LogLevel.Error, Message = "An exception came out of {Where}; it was counted and the loop goes on")]
    private static partial void LogCallbackFailed(ILogger logger, string where, Exception exception);

    [LoggerMessage(EventId = 1001, Level = LogLevel.Critical, Message = "The loop thread ended because of an exception")]
    private static partial void LogLoopEnded(ILogger logger, Exception exception);

    [LoggerMessage(EventId = 1002, Level = LogLevel.Warning, Message = "A duty cycle took {Micros} us, more than the limit of {Limit} us: a callback is slow")]
    private static partial void LogSlowCycle(ILogger logger, long micros, long limit);

    [LoggerMessage(EventId = 1003, Level = LogLevel.Warning, Message = "This process did not run for {Milliseconds} ms; peers are not blamed for that time")]
    private static partial void LogStalled(ILogger logger, long milliseconds);
}
