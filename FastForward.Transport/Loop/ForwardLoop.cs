using System.Runtime.InteropServices;
using FastForward.Transport.Interop;
using FastForward.Transport.Logging;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Loop;

/// <summary>
/// The single-threaded event loop that drives nodes, transports and actors. One duty cycle: read the clock, poll the
/// sources, fire the timers, run what other threads posted, flush; then idle.
/// </summary>
/// <remarks>
/// <para>Drive it in one of three ways: <see cref="Start"/> gives it a thread of its own; <see cref="Run"/> uses the
/// calling thread; an embedder or a test calls <see cref="DoWork"/> (and <see cref="Idle"/>) itself.</para>
/// <para>The first of these calls binds the loop to its thread. From then on every member but <see cref="Post"/>,
/// <see cref="Statistics"/>, <see cref="StopAsync"/>, <see cref="Completion"/>, <see cref="IsOnLoopThread"/>,
/// <see cref="Dispose"/> and <see cref="DisposeAsync"/> throws <see cref="InvalidOperationException"/> on other
/// threads. Before that call, and again after <see cref="Run"/> or the loop's own thread has ended, one thread at a
/// time may set up or tear down.</para>
/// </remarks>
public sealed partial class ForwardLoop : IDisposable, IAsyncDisposable
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
    private readonly Dictionary<string, LogGate> _failureGates = [];
    private readonly long _spinMicros;

    private Exception? _fatal;

    /// <summary>Creates a loop.</summary>
    /// <param name="options">Settings; defaults when null.</param>
    /// <param name="time">The clock; the system's when null.</param>
    /// <param name="logger">Where slow cycles and failing callbacks are reported.</param>
    /// <exception cref="PlatformNotSupportedException">This is not Linux.</exception>
    /// <exception cref="ArgumentException">An option is out of range; the message names it.</exception>
    public ForwardLoop(
        ForwardLoopOptions? options = null,
        TimeProvider? time = null,
        ILogger<ForwardLoop>? logger = null
    )
    {
        if (!OperatingSystem.IsLinux())
            throw new PlatformNotSupportedException(
                "FastForward.Transport runs on Linux (x64, arm64): it uses epoll, UNIX seqpacket sockets and recvmmsg."
            );
        _options = options ?? new ForwardLoopOptions();
        _options.Validate();
        _time = time ?? TimeProvider.System;
        _logger = logger ?? NullLogger<ForwardLoop>.Instance;
        _microsPerTick = 1e6 / _time.TimestampFrequency;
        _origin = _time.GetTimestamp();
        _spinMicros = Environment.ProcessorCount == 1 ? 0 : LoopTime.ToMicros(_options.SpinTime);
        SlowMicros = LoopTime.ToMicros(_options.SlowCycleLimit);
        _mailbox = new Mailbox(RunPosted);
        _epoll.Add(_mailbox.Descriptor, LibC.EPOLLIN, 0);
    }

    /// <summary>
    /// The time of this duty cycle since the loop was made: monotonic, read once per cycle, with a resolution of 1
    /// microsecond. Before the first cycle the clock is read on each call.
    /// </summary>
    public TimeSpan Now => TimeSpan.FromMicroseconds(NowMicros);

    /// <summary>
    /// How long the process was kept from running before this cycle (a stopped process, a long pause, a slow callback);
    /// zero below half a second. Subtract it where the silence of a peer is measured.
    /// </summary>
    public TimeSpan StalledFor => TimeSpan.FromMicroseconds(StalledMicros);

    /// <summary>Counters; readable on any thread.</summary>
    public LoopStatistics Statistics { get; } = new();

    /// <summary>True on the thread the loop is bound to, and on every thread before it is bound.</summary>
    public bool IsOnLoopThread =>
        Volatile.Read(ref _owner) is var owner && (owner == 0 || owner == Environment.CurrentManagedThreadId);

    internal TimerHeap Timers { get; } = new();

    /// <summary><see cref="Now"/> in microseconds.</summary>
    internal long NowMicros => _cycleRead ? _now : ReadMicros();

    /// <summary>The wall clock, which may be set.</summary>
    internal DateTimeOffset UtcNow => _time.GetUtcNow();

    /// <summary><see cref="StalledFor"/> in microseconds.</summary>
    internal long StalledMicros { get; private set; }

    /// <summary>A callback or cycle that takes longer counts as slow.</summary>
    internal long SlowMicros { get; }

    /// <summary>A thread runs the loop, or is inside a cycle of it.</summary>
    internal bool IsActive => _running || _dispatching;

    /// <summary>Attaches a source. It is polled from this or the next cycle on.</summary>
    public void Add(ILoopSource source)
    {
        ArgumentNullException.ThrowIfNull(source);
        VerifyAccess();
        if (_sources.Contains(source))
            throw new ArgumentException("The source is attached already.", nameof(source));
        if (source.Descriptor >= 0)
            _epoll.Add(source.Descriptor, LibC.EPOLLIN, 0);
        _sources.Add(source);
    }

    /// <summary>Detaches a source, before its descriptor is closed. It is not called again.</summary>
    public void Remove(ILoopSource source)
    {
        VerifyAccess();
        if (TakeOut(_sources, source) && source.Descriptor >= 0 && !_released)
            _epoll.Remove(source.Descriptor);
    }

    /// <summary>Attaches an object that sends its output at the end of each cycle.</summary>
    public void Add(ILoopFlush flush)
    {
        ArgumentNullException.ThrowIfNull(flush);
        VerifyAccess();
        if (_flushes.Contains(flush))
            throw new ArgumentException("The flush is attached already.", nameof(flush));
        _flushes.Add(flush);
    }

    /// <summary>Detaches a flush. It is not called again.</summary>
    public void Remove(ILoopFlush flush)
    {
        VerifyAccess();
        TakeOut(_flushes, flush);
    }

    /// <summary>Makes a timer that calls <paramref name="callback"/> when it fires.</summary>
    public LoopTimer CreateTimer(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        return CreateTimer(static state => ((Action)state)(), callback);
    }

    /// <summary>
    /// As <see cref="CreateTimer(Action)"/>, for timers that there are many of: one delegate serves all.
    /// </summary>
    internal LoopTimer CreateTimer(Action<object> callback, object state) => new(this, callback, state);

    /// <summary>
    /// Runs <paramref name="work"/> on the loop thread in one of its next cycles. Thread-safe. Work that is posted to a
    /// loop that has ended does not run.
    /// </summary>
    public void Post(Action work)
    {
        ArgumentNullException.ThrowIfNull(work);
        _mailbox.Post(work);
    }

    /// <summary>Throws unless the caller is on the loop thread.</summary>
    /// <exception cref="InvalidOperationException">The caller is on another thread.</exception>
    public void VerifyAccess()
    {
        if (!IsOnLoopThread)
            ThrowWrongThread();
    }

    /// <summary>
    /// The time at this very moment on the clock of <see cref="NowMicros"/>, for measuring inside a cycle.
    /// </summary>
    internal long ReadMicros() => (long)((_time.GetTimestamp() - _origin) * _microsPerTick);

    /// <summary>Logs and counts an exception from a callback.</summary>
    /// <returns>
    /// True when the caller goes on; false, with <see cref="ForwardLoopOptions.FailFast"/>, when it rethrows.
    /// </returns>
    internal bool Survives(Exception exception, string where)
    {
        if (!ReferenceEquals(exception, _fatal))
            LogFailure(exception, where);
        return CountFailure(exception);
    }

    /// <summary>Counts an exception from a callback that the caller has logged.</summary>
    /// <returns>True when the caller goes on; false when it rethrows.</returns>
    internal bool CountFailure(Exception exception)
    {
        if (ReferenceEquals(exception, _fatal))
            return false; // rethrown already; each layer on its way out asks
        Statistics.Failed();
        if (!_options.FailFast)
            return true;
        _fatal = exception;
        return false;
    }

    private void LogFailure(Exception exception, string where)
    {
        ref LogGate gate = ref CollectionsMarshal.GetValueRefOrAddDefault(_failureGates, where, out _);
        if (gate.TryPass(NowMicros, out long suppressed))
            LogCallbackFailed(_logger, where, suppressed, exception);
    }

    // Callbacks may attach and detach while a list is walked by index: what is detached leaves null until the cycle
    // ends.
    private bool TakeOut<T>(List<T?> list, T item)
        where T : class
    {
        int index = list.IndexOf(item);
        if (index < 0)
            return false;
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

    private void RefuseInside(string member)
    {
        if (_dispatching)
            throw new InvalidOperationException(
                $"{member} was called from inside a callback of the same loop: dispatch does not recurse. "
                    + "Return from the callback first, or Post what has to follow it."
            );
    }

    private void ThrowWrongThread() =>
        throw new InvalidOperationException(
            $"This object belongs to the loop thread {_owner} and was called on thread "
                + $"{Environment.CurrentManagedThreadId}. Use ForwardLoop.Post to run code on the loop thread."
        );

    [LoggerMessage(
        EventId = 1000,
        Level = LogLevel.Error,
        Message = "An exception left {Where} and was counted ({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogCallbackFailed(ILogger logger, string where, long suppressed, Exception exception);

    [LoggerMessage(
        EventId = 1001,
        Level = LogLevel.Critical,
        Message = "The loop thread ended because of an exception"
    )]
    private static partial void LogLoopEnded(ILogger logger, Exception exception);

    [LoggerMessage(
        EventId = 1002,
        Level = LogLevel.Warning,
        Message = "A duty cycle took {Micros} us, more than the limit of {Limit} us: a callback is slow "
            + "({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogSlowCycle(ILogger logger, long micros, long limit, long suppressed);

    [LoggerMessage(
        EventId = 1003,
        Level = LogLevel.Warning,
        Message = "This process did not run for {Milliseconds} ms; that time does not count as silence of its peers "
            + "({Suppressed} more since the last of these entries)"
    )]
    private static partial void LogStalled(ILogger logger, long milliseconds, long suppressed);
}
