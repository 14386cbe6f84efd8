using Tarantool.Client.Diagnostics;

namespace Tarantool.Client.Connection;

/// <summary>
/// Keeps one connection open: connects, waits until the connection ends, then reconnects after a delay. Requests
/// obtain the connection here and wait in a bounded backlog while there is none. Thread-safe.
/// </summary>
internal sealed class ConnectionSupervisor : IAsyncDisposable
{
    private readonly ClientContext _context;
    private readonly Connector _connector;
    private readonly Action<TarantoolConnectionState, TarantoolConnection?, Exception?> _onState;
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _gate = new();
    private volatile TarantoolConnection? _current;

    /// <summary>Completes with the next connection, or with null if there will be none.</summary>
    private TaskCompletionSource<TarantoolConnection?>? _next;
    private Exception? _lastFailure;
    private Task _running = Task.CompletedTask;
    private int _waiting;
    private bool _isFinished;
    private int _isDisposed;

    /// <param name="context">Shared by all parts of the client.</param>
    /// <param name="connector">Opens connections.</param>
    /// <param name="onState">Called for each state change, one at a time; must not throw.</param>
    public ConnectionSupervisor(
        ClientContext context,
        Connector connector,
        Action<TarantoolConnectionState, TarantoolConnection?, Exception?> onState
    )
    {
        _context = context;
        _connector = connector;
        _onState = onState;
    }

    /// <summary>The open connection, or null.</summary>
    public TarantoolConnection? Current => _current is { IsClosed: false } connection ? connection : null;

    /// <summary>Connects once, and keeps the connection open if that succeeds.</summary>
    public async ValueTask StartConnectedAsync(CancellationToken cancellationToken)
    {
        TarantoolConnection connection = await _connector.ConnectAsync(cancellationToken).ConfigureAwait(false);
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
        int failures = 0;
        while (true)
        {
            connection ??= await ConnectUntilStoppedAsync(failures).ConfigureAwait(false);
            if (connection is null)
                return;
            long since = _context.Time.GetTimestamp();
            Exception? reason;
            using (
                _stopping.Token.UnsafeRegister(
                    static connection => ((TarantoolConnection)connection!).Close(),
                    connection
                )
            )
                reason = await connection.Closed.ConfigureAwait(false);
            await connection.DisposeAsync().ConfigureAwait(false);
            connection = null;
            if (_stopping.IsCancellationRequested)
                return;

            Volatile.Write(ref _lastFailure, reason);
            if (!_context.Options.AutoReconnect)
            {
                Finish();
                _onState(TarantoolConnectionState.Closed, null, reason);
                return;
            }

            _onState(TarantoolConnectionState.Disconnected, null, reason);

            // Back off from a server that accepts connections and drops them at once.
            failures = _context.Time.GetElapsedTime(since) < _context.Options.ReconnectMaxDelay ? failures + 1 : 0;
            if (!await DelayAsync(DelayAfter(failures - 1)).ConfigureAwait(false))
                return;
        }
    }

    /// <returns>The connection, or null if the client is being disposed.</returns>
    private async Task<TarantoolConnection?> ConnectUntilStoppedAsync(int failures)
    {
        while (!_stopping.IsCancellationRequested)
        {
            try
            {
                TarantoolConnection connection = await _connector.ConnectAsync(_stopping.Token).ConfigureAwait(false);
                Publish(connection);
                return connection;
            }
            catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
            {
                return null;
            }
            catch (Exception exception)
            {
                Volatile.Write(ref _lastFailure, exception);
                TimeSpan delay = DelayAfter(failures++);
                Log.ConnectFailed(_context.Logger, _context.Address, failures, delay, exception);
                if (!await DelayAsync(delay).ConfigureAwait(false))
                    return null;
            }
        }

        return null;
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
        Log.Connected(_context.Logger, _context.Address, connection.Server.Version, connection.Server.InstanceId);
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
