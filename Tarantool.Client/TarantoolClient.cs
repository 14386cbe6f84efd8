using System.Runtime.CompilerServices;
using Tarantool.Client.Connection;
using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <summary>
/// A client of a Tarantool server, or of several of which one is used at a time, over one connection with automatic
/// reconnect. Thread-safe: concurrent requests are pipelined, and each completes exactly once, with its result, a typed
/// exception, a timeout or cancellation. Create one and keep it.
/// </summary>
/// <remarks>
/// <para>
/// Requests run concurrently on the server; to run one after another, await the first. As with every
/// <see cref="ValueTask"/>, await each result once, or use <see cref="ValueTask.AsTask"/>.
/// </para>
/// <para>
/// Every request may fail with: <see cref="TarantoolServerException"/> (the server returned an error),
/// <see cref="TarantoolConnectionException"/> (no connection, or it was lost; requests are never retried
/// automatically), <see cref="TarantoolSchemaException"/> (no such space or index),
/// <see cref="TarantoolDataException"/> (the response has unexpected types), <see cref="TimeoutException"/>,
/// <see cref="OperationCanceledException"/> (the caller's token; the server may still execute the request) and
/// <see cref="ObjectDisposedException"/>.
/// </para>
/// </remarks>
public sealed partial class TarantoolClient : IAsyncDisposable
{
    /// <summary>How often a request is sent again because the schema changed after its names were looked up.</summary>
    private const int MaxSchemaRetries = 10;

    private readonly ClientContext _context;
    private readonly ConnectionSupervisor _supervisor;
    private readonly WatchRegistry _watches = new();
    private readonly Lock _stateGate = new();
    private TarantoolConnectionState _state = TarantoolConnectionState.Disconnected;
    private TarantoolServerInfo? _server;
    private int _isDisposed;

    private TarantoolClient(TarantoolClientOptions options)
    {
        _context = new ClientContext(options);
        _supervisor = new ConnectionSupervisor(_context, new ServerList(_context, _watches), OnState);
    }

    /// <summary>
    /// Raised after each change of <see cref="State"/>, on a background thread, one event at a time. Handlers must
    /// return quickly and must not block on the client. Their exceptions are logged.
    /// </summary>
    public event EventHandler<TarantoolStateChangedEventArgs>? StateChanged;

    /// <summary>The state of the connection.</summary>
    public TarantoolConnectionState State
    {
        get
        {
            lock (_stateGate)
                return _state;
        }
    }

    /// <summary>The server of the latest connection, or <see langword="null"/> if there has been none.</summary>
    public TarantoolServerInfo? Server => Volatile.Read(ref _server);

    /// <summary>
    /// Connects to the first server that can be used. Fails if all servers have failed once; afterwards the client
    /// reconnects in the background.
    /// </summary>
    /// <param name="options">Address, limits and behaviour.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client; the caller must dispose it.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    /// <exception cref="TarantoolConnectionException">
    /// The server cannot be reached. If there are several, none can be used: the message names each with its reason,
    /// and the inner exception is an <see cref="AggregateException"/> of the failures.
    /// </exception>
    /// <exception cref="TarantoolServerException">The only server rejected the user or the password.</exception>
    public static async ValueTask<TarantoolClient> ConnectAsync(
        TarantoolClientOptions options,
        CancellationToken cancellationToken = default
    )
    {
        TarantoolClient client = Make(options);
        try
        {
            await client._supervisor.StartConnectedAsync(cancellationToken).ConfigureAwait(false);
            return client;
        }
        catch
        {
            await client.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Connects to an address such as <c>user:password@host:3301</c>, with default options.</summary>
    /// <param name="address">The address; see <see cref="TarantoolClientOptions.Parse"/>.</param>
    /// <param name="cancellationToken">Ends the attempt.</param>
    /// <returns>The client; the caller must dispose it.</returns>
    /// <exception cref="FormatException">The address is malformed.</exception>
    /// <exception cref="TarantoolConnectionException">
    /// The server cannot be reached. If there are several, none can be used: the message names each with its reason,
    /// and the inner exception is an <see cref="AggregateException"/> of the failures.
    /// </exception>
    /// <exception cref="TarantoolServerException">The only server rejected the user or the password.</exception>
    public static ValueTask<TarantoolClient> ConnectAsync(
        string address,
        CancellationToken cancellationToken = default
    ) => ConnectAsync(TarantoolClientOptions.Parse(address), cancellationToken);

    /// <summary>
    /// Creates a client that connects in the background, for programs that must start before their server. Until
    /// connected, requests wait or fail according to <see cref="TarantoolClientOptions.MaxBacklog"/>.
    /// </summary>
    /// <param name="options">Address, limits and behaviour.</param>
    /// <returns>The client; the caller must dispose it.</returns>
    /// <exception cref="ArgumentException">An option is invalid.</exception>
    public static TarantoolClient Create(TarantoolClientOptions options)
    {
        TarantoolClient client = Make(options);
        client._supervisor.StartInBackground();
        return client;
    }

    /// <summary>
    /// Closes the connection and stops reconnecting. Requests in flight end with
    /// <see cref="TarantoolConnectionException"/>, later ones with <see cref="ObjectDisposedException"/>.
    /// </summary>
    /// <returns>Completes when all background work of the client has ended.</returns>
    public async ValueTask DisposeAsync()
    {
        Interlocked.Exchange(ref _isDisposed, 1);
        _watches.Close(Disposed);
        await _supervisor.DisposeAsync().ConfigureAwait(false);
        _context.Dispose();
    }

    private static TarantoolClient Make(TarantoolClientOptions options)
    {
        ArgumentNullException.ThrowIfNull(options);
        TarantoolClientOptions copy = options.Copy();
        copy.Validate();
        return new TarantoolClient(copy);
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder<>))]
    private async ValueTask<TResult> SendAsync<TBody, TDecoder, TResult>(
        TBody body,
        TDecoder decoder,
        CallOptions options,
        CancellationToken cancellationToken
    )
        where TBody : struct, IRequestBody
        where TDecoder : struct, IResponseDecoder<TResult>
    {
        ObjectDisposedException.ThrowIf(Volatile.Read(ref _isDisposed) != 0, this);
        long deadline = _context.DeadlineAfter(options.Timeout ?? _context.Options.RequestTimeout);
        for (int attempt = 0; ; attempt++)
        {
            TarantoolConnection connection = await _supervisor
                .GetAsync(deadline, cancellationToken)
                .ConfigureAwait(false);
            if (body.Type == RequestType.WatchOnce && !connection.Server.SupportsWatchOnce)
                throw NoWatchOnce(connection.Server);
            TargetIds ids = default;
            try
            {
                RequestTarget target = body.Target;
                ids = target.NeedsLookup
                    ? await connection.Schema.ResolveAsync(target, deadline, cancellationToken).ConfigureAwait(false)
                    : new TargetIds(target.Space.Number, target.Index.Number, 0);

                // Checked last: requests that waited for the same connection or lookup resume together.
                if (connection.IsFull)
                    await connection.WaitForRoomAsync(deadline, cancellationToken).ConfigureAwait(false);
                return await connection
                    .RequestAsync<TBody, TDecoder, TResult>(
                        body,
                        ids,
                        decoder,
                        deadline,
                        options.Push,
                        cancellationToken
                    )
                    .ConfigureAwait(false);
            }
            catch (TarantoolServerException exception)
                when (exception.Code == TarantoolErrorCodes.WrongSchemaVersion
                    && ids.SchemaVersion != 0
                    && attempt < MaxSchemaRetries
                )
            {
                // The server rejected the request without executing it; its response carried the new schema version.
            }
            catch (TarantoolConnectionException exception)
                when (connection.IsShuttingDown && !exception.MayHaveExecuted)
            {
                // The server announced its stop before the request was sent, so it waits for the next connection.
            }
        }
    }

    [AsyncMethodBuilder(typeof(PoolingAsyncValueTaskMethodBuilder))]
    private static async ValueTask DiscardAsync(ValueTask<bool> request) => await request.ConfigureAwait(false);

    private static NotSupportedException NoWatchOnce(TarantoolServerInfo server) =>
        new(
            $"The server (version {server.Version}) does not support {nameof(WatchOnceAsync)}, which requires 3.0. "
                + $"Use {nameof(WatchAsync)} (2.10 and later), or call a function that returns the value."
        );

    private static ObjectDisposedException Disposed() => new(nameof(TarantoolClient));

    private void OnState(TarantoolConnectionState state, TarantoolConnection? connection, Exception? reason)
    {
        lock (_stateGate)
        {
            if (_state == TarantoolConnectionState.Closed || _state == state)
                return;
            _state = state;
            if (connection is not null)
                Volatile.Write(ref _server, connection.Server);
        }

        if (state == TarantoolConnectionState.Closed)
            _watches.Close(reason is null ? Disposed : () => _context.Ended(reason));
        else
            _watches.Use(state == TarantoolConnectionState.Connected ? connection : null);
        try
        {
            StateChanged?.Invoke(this, new TarantoolStateChangedEventArgs(state, reason));
        }
        catch (Exception exception)
        {
            if (_context.FailedStateHandlers.MayReport(out long more))
                Log.StateHandlerFailed(_context.Logger, more, exception);
        }
    }
}
