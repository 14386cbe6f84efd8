using Tarantool.Client.Diagnostics;

namespace Tarantool.Client.Connection;

/// <summary>
/// Keeps one connection open: connects to the first server that can be used, waits until the connection ends or its
/// server stops, then connects to the next server at once, or after a delay if all have failed. Requests
/// obtain the connection here and wait in a bounded backlog while there is none. Thread-safe.
/// </summary>
internal sealed class ConnectionSupervisor : IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly ServerList _servers;
    private readonly Action<TarantoolConnectionState, TarantoolConnection?, Exception?> _onState;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private volatile TarantoolConnection? _current;

    /// <summary>Completes with the next connection, or with null if there will be none.</summary>
    private TaskCompletionSource<TarantoolConnection?>? _next;
    private Exception? _lastFailure;
    private Task _running = Task.CompletedTask;
    private int _failures; // how often all servers have failed in a row
    private int _waiting;
    private bool _isFinished;
    private int _isDisposed;

    /// <param name="context">Shared by all parts of the client.</param>
    /// <param name="servers">Opens connections.</param>
    /// <param name="onState">Called for each state change, one at a time; must not throw.</param>
    public ConnectionSupervisor(
        ClientContext context,
        ServerList servers,
        Action<TarantoolConnectionState, TarantoolConnection?, Exception?> onState
    )
    {
        _context = context;
        _servers = servers;
        _onState = onState;
    }

    /// <summary>The connection that requests may be sent on, or null.</summary>
    public TarantoolConnection? Current =>
        _current is { IsClosed: false, IsShuttingDown: false } connection ? connection : null;

    /// <summary>Connects once, and keeps the connection open if that succeeds.</summary>
    public async ValueTask StartConnectedAsync(CancellationToken cancellationToken)
    {
        TarantoolConnection connection = await _servers.ConnectAsync(cancellationToken).ConfigureAwait(false);
        Publish(connection);
        Start(connection);
    }

    /// <summary>Connects in the background, retrying until it succeeds.</summary>
    public void StartInBackground() => Start(null);

    /// <summary>Gets the connection; if there is none and the backlog has room, waits for the next one.</summary>
    public ValueTask<TarantoolConnection> GetAsync(long deadline, CancellationToken cancellationToken) =>
        Current is { } connection ? new(connection) : WaitAsync(deadline, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            await _stopping.CancelAsync().ConfigureAwait(false);
            Finish();
        }

        // Reported after the loop has ended, so that Closed is always the last state.
        await _running.ConfigureAwait(false);
        _onState(TarantoolConnectionState.Closed, null, null);
        _stopping.Dispose();
    }

    private void Start(TarantoolConnection? connection) => _running = Background.Run(() => RunAsync(connection));

    private async ValueTask<TarantoolConnection> WaitAsync(long deadline, CancellationToken cancellationToken)
    {
        Task<TarantoolConnection?> next;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_isDisposed != 0, typeof(TarantoolClient));
            if (_isFinished)
                throw _context.Ended(Volatile.Read(ref _lastFailure));
            if (Current is { } connection)
                return connection;
            if (_waiting >= _context.Options.MaxBacklog)
                throw NotConnected(
                    _waiting == 0
                        ? $"and requests may not wait for one ({nameof(TarantoolClientOptions.MaxBacklog)} is 0)"
                        : $"and {_waiting} requests wait for one already ({nameof(TarantoolClientOptions.MaxBacklog)})"
                );
            _waiting++;
            _next ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            next = _next.Task;
        }

        try
        {
            return await next.WaitAsync(_context.TimeUntil(deadline), _context.Time, cancellationToken)
                    .ConfigureAwait(false)
                ?? throw NotConnected("and the client was closed");
        }
        catch (TimeoutException exception)
        {
            throw new TimeoutException(
                $"The request was not sent, because there was no connection to {_context.Address} in time.",
                Volatile.Read(ref _lastFailure) ?? exception
            );
        }
        finally
        {
            lock (_gate)
                _waiting--;
        }
    }

    private TarantoolConnectionException NotConnected(string why) =>
        new($"There is no connection to {_context.Address}, {why}.", Volatile.Read(ref _lastFailure));

    private async Task RunAsync(TarantoolConnection? connection)
    {
        Task draining = Task.CompletedTask; // the connections to servers that have announced their stop
        try
        {
            while (true)
            {
                connection ??= await NextAsync(draining).ConfigureAwait(false);
                if (connection is null)
                    return;
                long since = _context.Time.GetTimestamp();
                Exception reason = await UseAsync(connection).ConfigureAwait(false);
                Task ended = DrainAsync(connection);
                if (!_context.Options.AutoReconnect || connection.IsClosed)
                    await ended.ConfigureAwait(false);
                draining = Task.WhenAll(draining, ended);
                if (_stopping.IsCancellationRequested)
                    return;

                Volatile.Write(ref _lastFailure, reason);
                if (!_context.Options.AutoReconnect)
                {
                    Finish();
                    _onState(TarantoolConnectionState.Closed, null, reason);
                    return;
                }

                if (ended.IsCompleted)
                    _onState(TarantoolConnectionState.Disconnected, null, reason);

                // A server that accepts connections and drops them at once counts as failed.
                if (_context.Time.GetElapsedTime(since) >= _context.Options.ReconnectMaxDelay)
                {
                    _failures = 0;
                    _servers.Forgive();
                }

                _servers.Lost(connection, reason);
                connection = null;
            }
        }
        finally
        {
            await draining.ConfigureAwait(false);
        }
    }

    /// <summary>Waits until the connection is closed, or its server has announced its stop.</summary>
    /// <returns>Why it cannot be used any more.</returns>
    private async Task<Exception> UseAsync(TarantoolConnection connection)
    {
        using CancellationTokenRegistration closing = CloseOnStop(connection);
        using CancellationTokenSource ended = new();
        Task stable = Task.Delay(_context.Options.ReconnectMaxDelay, _context.Time, ended.Token);
        Task closedOrStopping = Task.WhenAny(connection.Closed, connection.StopAnnounced);
        if (await Task.WhenAny(closedOrStopping, stable).ConfigureAwait(false) == stable)
            _context.Reports.Stable(connection.Address);
        await closedOrStopping.ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        if (connection.Closed.IsCompleted)
        {
            return await connection.Closed.ConfigureAwait(false)
                ?? new TarantoolConnectionException($"The connection to {connection.Address} was closed.");
        }

        _context.Reports.ShuttingDown(connection.Address);
        _onState(TarantoolConnectionState.ShuttingDown, null, null);
        return new TarantoolConnectionException($"{connection.Address} has announced its stop.");
    }

    /// <summary>Completes the requests in flight if the server stops; closes and disposes the connection.</summary>
    private async Task DrainAsync(TarantoolConnection connection)
    {
        using CancellationTokenRegistration closing = CloseOnStop(connection);
        if (connection.IsShuttingDown)
            await connection.DrainAsync().ConfigureAwait(false);
        else
            await connection.DisposeAsync().ConfigureAwait(false);
    }

    private CancellationTokenRegistration CloseOnStop(TarantoolConnection connection) =>
        _stopping.Token.UnsafeRegister(static connection => ((TarantoolConnection)connection!).Close(), connection);

    /// <summary>Opens the next connection; reports when those that were being drained have ended before it.</summary>
    private async Task<TarantoolConnection?> NextAsync(Task draining)
    {
        Task<TarantoolConnection?> connecting = ConnectUntilStoppedAsync();
        if (await Task.WhenAny(connecting, draining).ConfigureAwait(false) != connecting)
        {
            if (!_stopping.IsCancellationRequested)
                _onState(TarantoolConnectionState.Disconnected, null, Volatile.Read(ref _lastFailure));
        }

        TarantoolConnection? connection = await connecting.ConfigureAwait(false);
        if (connection is not null)
            Publish(connection);
        return connection;
    }

    /// <returns>The connection, or null if the client is being disposed.</returns>
    private async Task<TarantoolConnection?> ConnectUntilStoppedAsync()
    {
        while (!_stopping.IsCancellationRequested)
        {
            // After the loss of the only server that had not failed.
            if (_servers.AllFailed && !await PauseAsync(DelayAfter(_failures++)).ConfigureAwait(false))
                return null;
            try
            {
                return await _servers.ConnectAsync(_stopping.Token).ConfigureAwait(false);
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception exception)
            {
                Volatile.Write(ref _lastFailure, exception);
                TimeSpan delay = DelayAfter(_failures++);
                _context.Reports.Failed(_context.Address, _failures, delay, exception);
                if (!await PauseAsync(delay).ConfigureAwait(false))
                    return null;
            }
        }

        return null;
    }

    /// <returns>False if the client is being disposed.</returns>
    private async ValueTask<bool> PauseAsync(TimeSpan delay)
    {
        if (!await DelayAsync(delay).ConfigureAwait(false))
            return false;
        _servers.Forgive();
        return true;
    }

    private TimeSpan DelayAfter(int failures) =>
        ReconnectDelay.Next(
            _context.Options.ReconnectMinDelay,
            _context.Options.ReconnectMaxDelay,
            Math.Max(failures, 0),
            Random.Shared.NextDouble()
        );

    /// <returns>False if the client is being disposed.</returns>
    private async ValueTask<bool> DelayAsync(TimeSpan delay)
    {
        try
        {
            await Task.Delay(delay, _context.Time, _stopping.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException)
        {
            return false;
        }
    }

    private void Publish(TarantoolConnection connection)
    {
        _context.Metrics.Connected();
        _context.Reports.Connected(connection.Address, connection.Server);
        TaskCompletionSource<TarantoolConnection?>? next;
        lock (_gate)
        {
            _current = connection;
            next = _next;
            _next = null;
        }

        _onState(TarantoolConnectionState.Connected, connection, null);
        next?.TrySetResult(connection);
    }

    /// <summary>Releases the backlog: there will be no further connection.</summary>
    private void Finish()
    {
        TaskCompletionSource<TarantoolConnection?>? next;
        lock (_gate)
        {
            if (_isFinished)
                return;
            _isFinished = true;
            next = _next;
            _next = null;
        }

        next?.TrySetResult(null);
        Log.Closed(_context.Logger, _context.Address);
    }
}
