using FastForward.Transport.Loop;
using FastForward.Transport.Node;
using FastForward.Transport.Transports;

namespace FastForward.Transport;

public sealed partial class ForwardNode
{
    /// <summary>
    /// Binds the transports that this machine supports and starts to connect to every routed node. A transport that is
    /// not available is skipped, with the reason in <see cref="Transports"/>. May be called once.
    /// </summary>
    /// <param name="handler">Receives messages and events; not called from inside this call.</param>
    /// <exception cref="TransportException">An end point cannot be bound; none stays bound.</exception>
    /// <exception cref="InvalidOperationException">
    /// The node was already started, or the caller is not on the loop thread.
    /// </exception>
    public void Start(IForwardHandler handler)
    {
        ArgumentNullException.ThrowIfNull(handler);
        Verify();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (_started)
            throw new InvalidOperationException("The node was already started.");
        _started = true;
        _events.Start(handler);
        _loop.Add(_stallNotice); // before the transports
        try
        {
            _impairment?.Started();
            _transports.Start(_options.Node, _dispatcher);
        }
        catch
        {
            Dispose();
            throw;
        }

        _loop.Add((ILoopSource)_share);
        _loop.Add((ILoopFlush)_share);
        _routedPeers.Start(OnRoutesChanged);
        if (!_keys.IsEmpty)
            _clockStep.Start();
    }

    /// <summary>
    /// Stops in order: accepts nothing new, drains reliable messages within
    /// <see cref="ForwardNodeOptions.DrainLimit"/>, notifies the peers and closes the transports. Must be called on the
    /// loop thread; the loop must keep running until the task completes.
    /// </summary>
    public Task StopAsync()
    {
        Verify();
        if (_disposed)
            return Task.CompletedTask;
        if (_stopping is not null)
            return _stopping.Task;
        BeginStop();
        _drainUntil = _loop.NowMicros + (long)_options.DrainLimit.TotalMicroseconds;
        _transports.StopAccepting();
        if (_started)
            _drainTimer.SetAt(_drainUntil);
        else
            Dispose();
        return _stopping!.Task;
    }

    /// <summary>
    /// Stops at once: peers are notified as far as their links accept it without blocking; unacknowledged messages are
    /// reported to the handler before the call returns. Inside a callback use <see cref="StopAsync"/> instead.
    /// </summary>
    /// <exception cref="InvalidOperationException">Called from inside a callback of the node.</exception>
    /// <exception cref="Exception">
    /// A transport failed, or the handler did and <see cref="ForwardLoopOptions.FailFast"/> is set: the first failure,
    /// after all other steps. The node is disposed.
    /// </exception>
    public void Dispose()
    {
        if (_disposed)
            return;
        Verify();
        if (_events.IsCalling)
            throw new InvalidOperationException(
                "Dispose was called from inside a callback of the node and would call the handler recursively: "
                    + "use StopAsync there."
            );
        _disposed = true;
        if (_stopping is null)
            BeginStop();
        _routedPeers.Stop();
        _drainTimer.Cancel();
        _clockStep.Stop();
        _loop.Remove(_stallNotice);
        _loop.Remove((ILoopSource)_share);
        _loop.Remove((ILoopFlush)_share);
        FirstFailure failure = default;
        failure.Catch(_routedPeers.Close);
        failure.Catch(_transports.Flush);
        failure.Catch(_transports.Dispose);
        while (_local.HasOutput)
            failure.Catch(DeliverLocal);
        while (!_events.IsEmpty)
            failure.Catch(DeliverEvents);
        failure.Catch(_events.Close);
        if (_started)
            _impairment?.Stopped();
        _keys.Dispose();
        _stopping!.TrySetResult();
        failure.Throw();
    }

    /// <summary>
    /// Stops the node as <see cref="StopAsync"/> does and disposes it, after
    /// <see cref="ForwardNodeOptions.DrainLimit"/> at the latest. Thread-safe and idempotent: every call returns the
    /// same operation.
    /// </summary>
    /// <remarks>
    /// When the loop has ended, or the caller is the thread that drives the loop by hand, the stop could not complete:
    /// the node is then disposed at once, as by <see cref="Dispose"/>. The loop thread must not block on the task.
    /// </remarks>
    public ValueTask DisposeAsync()
    {
        TaskCompletionSource disposal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (Interlocked.CompareExchange(ref _disposal, disposal, null) is { } earlier)
            return new ValueTask(earlier.Task);
        _ = EndAsync(disposal);
        return new ValueTask(disposal.Task);
    }

    private async Task EndAsync(TaskCompletionSource disposal)
    {
        try
        {
            if (!_loop.IsOnLoopThread)
            {
                Task stop = PostStop();
                // A loop that ends in the meantime does not run the posted stop: it has no owner once it is complete. A
                // loop that another thread drives by hand has an owner, and counts as complete all the time.
                Task completion = _loop.Completion;
                if (!completion.IsCompleted)
                    await Task.WhenAny(stop, completion).ConfigureAwait(false);
                else if (!_loop.IsOnLoopThread)
                    await Task.WhenAny(stop).ConfigureAwait(false);
                if (stop.IsCompleted)
                    await stop.ConfigureAwait(false);
            }
            else if (_loop.IsActive)
            {
                await StopAsync().ConfigureAwait(false); // inside a callback: the loop keeps running
            }

            if (!_disposed && _loop.IsOnLoopThread)
                Dispose(); // nothing drives the loop
            disposal.TrySetResult();
        }
#pragma warning disable CA1031 // Passed to the awaiter of the disposal.
        catch (Exception exception)
#pragma warning restore CA1031
        {
            disposal.TrySetException(exception);
        }
    }

    private Task PostStop()
    {
        TaskCompletionSource<Task> stop = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _loop.Post(() =>
        {
            try
            {
                stop.TrySetResult(StopAsync());
            }
#pragma warning disable CA1031 // Passed to the awaiter of the disposal.
            catch (Exception exception)
#pragma warning restore CA1031
            {
                stop.TrySetException(exception);
            }
        });
        return stop.Task.Unwrap();
    }

    private void DeliverLocal() => _local.Exchange(_loop.NowMicros, int.MaxValue);

    private void DeliverEvents() => _events.Dispatch(int.MaxValue);

    private void BeginStop()
    {
        _stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _admission.IsClosed = true;
        _events.IsStopping = true;
    }
}
