using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Logging;

namespace FastForward.Transport.Hosting;

/// <summary>
/// Runs one node: gives its loop a thread, starts handler and node there, and stops them in the opposite order with a
/// drain. Thread-safe; it starts once. The caller owns loop, node and handler, and releases them after the stop.
/// </summary>
internal sealed partial class NodeRunner(ForwardLoop loop, ForwardNode node, IForwardHandler handler, ILogger logger)
    : IAsyncDisposable
{
    private static readonly TimeSpan s_disposeLimit = TimeSpan.FromSeconds(10);

    private readonly SemaphoreSlim _stopGate = new(1);
    private volatile bool _isStarted;
    private volatile bool _isStopping;
    private volatile bool _isStopped;

    /// <summary>The exception that ended the loop; null while it runs and after an orderly end.</summary>
    public Exception? Fault => _isStarted ? loop.Completion.Exception?.GetBaseException() : null;

    /// <summary>
    /// Starts loop, handler and node. After a failure everything that was started has been stopped again.
    /// </summary>
    /// <exception cref="Transports.TransportException">An end point is not available.</exception>
    /// <exception cref="OperationCanceledException">The token was cancelled first.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (handler is ForwardClient client)
            client.Attach(node, loop);
        loop.Start($"FastForward {node.Id}");
        _isStarted = true;
        try
        {
            bool isUp = await OnLoopAsync(StartOnLoop).WaitAsync(cancellationToken).ConfigureAwait(false);
            if (!isUp)
                await loop.Completion.ConfigureAwait(false);
        }
        catch
        {
            await DisposeAsync().ConfigureAwait(false); // bounded: the callback that hangs may be the start itself
            throw;
        }

        LogStarted(logger, node.Id);
    }

    /// <summary>
    /// Stops in order: the node drains and closes its transports, the handler ends, the loop ends. Does nothing when it
    /// was not started or has stopped; a second caller waits for the first.
    /// </summary>
    /// <exception cref="OperationCanceledException">
    /// The token was cancelled first. The loop was asked to end; nothing may be released while it runs.
    /// </exception>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (!_isStarted)
            return;
        await _stopGate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (!_isStopped)
                await StopOnceAsync(cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            _stopGate.Release();
        }
    }

    /// <summary>As <see cref="StopAsync"/>, within 10 s and without exceptions: what happened is in the log.</summary>
    public async ValueTask DisposeAsync()
    {
        using CancellationTokenSource limit = new(s_disposeLimit);
        try
        {
            await StopAsync(limit.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) { }
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
        if (handler is ActorSystem actors)
            actors.Start(node, loop);
        node.Start(handler);
    }

    private async Task StopOnceAsync(CancellationToken cancellationToken)
    {
        _isStopping = true;
        try
        {
            Task drained = Task.CompletedTask;
            if (await OnLoopAsync(() => drained = node.StopAsync()).WaitAsync(cancellationToken).ConfigureAwait(false))
            {
                await Task.WhenAny(drained, loop.Completion).WaitAsync(cancellationToken).ConfigureAwait(false);
                await OnLoopAsync(EndHandler).WaitAsync(cancellationToken).ConfigureAwait(false);
            }

            await Task.WhenAny(loop.StopAsync()).WaitAsync(cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            LogNotStopped(logger, node.Id);
            _ = loop.StopAsync();
            throw;
        }

        _isStopped = true;
        // After a fault, or a stop that was cancelled, the loop left them behind. Its thread has ended: this one may
        // call them.
        node.Dispose();
        EndHandler();
        LogStopped(logger, node.Id);
    }

    private void EndHandler()
    {
        if (handler is ActorSystem actors)
            actors.Stop();
        else if (handler is ForwardClient client)
            client.Close();
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
}
