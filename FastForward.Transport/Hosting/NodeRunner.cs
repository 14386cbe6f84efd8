using System.Runtime.ExceptionServices;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Hosting;

/// <summary>
/// Runs one node: gives its loop a thread, starts handler and node there, and stops them in the opposite order with a
/// drain. Thread-safe; it starts once.
/// </summary>
/// <param name="loop">The loop, not started. The caller owns it.</param>
/// <param name="node">The node. It is disposed after the end of the loop.</param>
/// <param name="handler">
/// Its handler; started and stopped with the node if it is an <see cref="INodeLifetime"/>.
/// </param>
/// <param name="logger">Receives starts, stops and failures.</param>
/// <param name="release">
/// Releases what the caller owns; called once, after loop, node and handler have ended.
/// </param>
internal sealed partial class NodeRunner(
    ForwardLoop loop,
    ForwardNode node,
    IForwardHandler handler,
    ILogger logger,
    Action? release = null
) : IAsyncDisposable
{
    private readonly SemaphoreSlim _stopGate = new(1);
    private readonly Lock _releaseLock = new();
    private Task? _release; // guarded by the lock
    private bool _isHandlerStarted; // written on the loop thread, or after its end
    private volatile bool _isStarted;
    private volatile bool _isStopping;

    /// <summary>The exception that ended the loop; null while it runs and after an orderly end.</summary>
    public Exception? Fault => _isStarted ? loop.Completion.Exception?.GetBaseException() : null;

    /// <summary>
    /// How long <see cref="DisposeAsync"/> waits in addition to <see cref="ForwardNodeOptions.DrainLimit"/>.
    /// </summary>
    public TimeSpan StopLimit { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a cancelled stop waits for the present cycle of the loop to end.</summary>
    public TimeSpan CycleLimit { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Starts loop, handler and node. After a failure everything is stopped and released again.
    /// </summary>
    /// <exception cref="Transports.TransportException">An end point is not available.</exception>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled, or the loop was stopped, before the node had started.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            cancellationToken.ThrowIfCancellationRequested();
            loop.Start($"FastForward {node.Id}");
            _isStarted = true;
            if (!await OnLoopAsync(StartOnLoop).WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                await loop.Completion.ConfigureAwait(false);
                throw new OperationCanceledException($"The loop of node {node.Id} was stopped during the start.");
            }
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false); // bounded: the callback that hangs may be the start itself
            throw;
        }

        LogStarted(logger, node.Id);
    }

    /// <summary>
    /// Stops in order: the node drains and closes its transports, the handler ends, the loop ends. Then everything is
    /// released, also after a failure. Does nothing when it was not started; a second caller waits for the first.
    /// </summary>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled first. The loop ends after its present cycle, without a drain, and everything is
    /// released when it has ended.
    /// </exception>
    /// <exception cref="Exception">A transport or the handler failed to stop: the first failure.</exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted)
            return;
        try
        {
            await _stopGate.WaitAsync(cancellationToken).ConfigureAwait(false);
            try
            {
                await StopInOrderAsync(cancellationToken).ConfigureAwait(false);
            }
            finally
            {
                _stopGate.Release();
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            LogNotStopped(logger, node.Id);
            await Task.WhenAny(Release(), Task.Delay(CycleLimit, CancellationToken.None)).ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>
    /// As <see cref="StopAsync"/>, within <see cref="ForwardNodeOptions.DrainLimit"/> and <see cref="StopLimit"/>, and
    /// without exceptions: failures are in the log. Also releases what a failed start left behind.
    /// </summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(node.DrainLimit + StopLimit);
        try
        {
            if (_isStarted)
                await StopAsync(limit.Token).ConfigureAwait(false);
            else
                await Release().ConfigureAwait(false);
        }
#pragma warning disable CA1031 // It is in the log.
        catch (Exception) { }
#pragma warning restore CA1031
    }

    /// <summary>Waits for the end of the loop, and logs an exception that ended it.</summary>
    /// <param name="consequence">What follows from such an exception, for the log.</param>
    /// <returns>
    /// The exception that ended the loop before <see cref="StopAsync"/> was called; null when none did.
    /// </returns>
    public async Task<Exception?> WatchAsync(string consequence)
    {
        await Task.WhenAny(loop.Completion).ConfigureAwait(false);
        if (_isStopping || Fault is not { } fault)
            return null;
        LogFault(logger, node.Id, consequence, fault);
        return fault;
    }

    private void StartOnLoop()
    {
        if (handler is INodeLifetime lifetime)
        {
            lifetime.OnStart(node, loop);
            _isHandlerStarted = true;
        }

        node.Start(handler);
    }

    private void StopHandler()
    {
        if (!_isHandlerStarted)
            return; // it may belong to another node, which is why it did not start
        _isHandlerStarted = false;
        (handler as INodeLifetime)?.OnStop();
    }

    private async Task StopInOrderAsync(CancellationToken cancellationToken)
    {
        ExceptionDispatchInfo? failure = null;
        try
        {
            await DrainAsync(cancellationToken).ConfigureAwait(false);
        }
#pragma warning disable CA1031 // Rethrown when everything is released.
        catch (Exception exception)
            when (exception is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
#pragma warning restore CA1031
        {
            LogStopFailed(logger, node.Id, exception);
            failure = ExceptionDispatchInfo.Capture(exception);
        }

        await Release().WaitAsync(cancellationToken).ConfigureAwait(false);
        failure?.Throw();
    }

    private async Task DrainAsync(CancellationToken cancellationToken)
    {
        if (_isStopping)
            return;
        _isStopping = true;
        Task drained = Task.CompletedTask;
        if (!await OnLoopAsync(() => drained = node.StopAsync()).WaitAsync(cancellationToken).ConfigureAwait(false))
            return;
        await Task.WhenAny(drained, loop.Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
        await OnLoopAsync(StopHandler).WaitAsync(cancellationToken).ConfigureAwait(false);
    }

    private Task Release()
    {
        _isStopping = true;
        lock (_releaseLock)
            return _release ??= Task.Run(ReleaseAsync);
    }

    /// <summary>
    /// Stops the loop, and releases what an orderly stop, a fault or a cancelled stop left behind. It waits without a
    /// limit for a loop that hangs; callers limit their own wait for this task.
    /// </summary>
    private async Task ReleaseAsync()
    {
        if (_isStarted)
            await Task.WhenAny(loop.StopAsync()).ConfigureAwait(false);
        // The loop thread has ended: this thread may call what belonged to it.
        Exception? failure = null;
        foreach (Action step in new[] { node.Dispose, StopHandler, release ?? (static () => { }) })
        {
            try
            {
                step();
            }
#pragma warning disable CA1031 // The steps after it are executed all the same; the first failure is rethrown.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                LogStopFailed(logger, node.Id, exception);
                failure ??= exception;
            }
        }

        if (failure is not null)
            ExceptionDispatchInfo.Throw(failure);
        if (_isStarted)
            LogStopped(logger, node.Id);
    }

    /// <summary>Runs <paramref name="work"/> on the loop thread and waits for it.</summary>
    /// <returns>False when the loop ended first: the work is never run then.</returns>
    private async Task<bool> OnLoopAsync(Action work)
    {
        TaskCompletionSource done = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() =>
        {
            try
            {
                work();
                done.SetResult();
            }
#pragma warning disable CA1031 // The exception reaches the caller.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                done.SetException(exception);
            }
        });
        if (await Task.WhenAny(done.Task, loop.Completion).ConfigureAwait(false) != done.Task)
            return false;
        await done.Task.ConfigureAwait(false);
        return true;
    }

    [LoggerMessage(EventId = 1600, Level = LogLevel.Information, Message = "Node {Node} has started")]
    private static partial void LogStarted(ILogger logger, uint node);

    [LoggerMessage(EventId = 1601, Level = LogLevel.Information, Message = "Node {Node} has stopped")]
    private static partial void LogStopped(ILogger logger, uint node);

    [LoggerMessage(
        EventId = 1602,
        Level = LogLevel.Error,
        Message = "Node {Node} did not stop in time: a callback blocks its loop, or DrainLimit is longer than the time "
            + "that the stop was given (the host's ShutdownTimeout)"
    )]
    private static partial void LogNotStopped(ILogger logger, uint node);

    [LoggerMessage(
        EventId = 1604,
        Level = LogLevel.Critical,
        Message = "The loop of node {Node} ended by an exception: {Consequence}"
    )]
    private static partial void LogFault(ILogger logger, uint node, string consequence, Exception exception);

    [LoggerMessage(
        EventId = 1605,
        Level = LogLevel.Error,
        Message = "A transport or the handler of node {Node} failed while the node stopped; everything else was "
            + "released"
    )]
    private static partial void LogStopFailed(ILogger logger, uint node, Exception exception);
}
