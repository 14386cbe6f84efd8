using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <content>Requests that address no space.</content>
public sealed partial class TarantoolClient
{
    /// <summary>Asks the server for a sign of life.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Done when the server answered.</returns>
    /// <remarks>What it may end with: see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        DiscardAsync(SendAsync<PingBody, NothingDecoder, bool>(default, default, default, cancellationToken));

    /// <summary>Calls a stored function.</summary>
    /// <typeparam name="T">The type that takes the list of returned values.</typeparam>
    /// <param name="function">The function's name, such as <c>box.info</c> or <c>module.update</c>.</param>
    /// <param name="arguments">The arguments; by default none.</param>
    /// <param name="options">Time-out and receiver of pushed messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The returned values, read as the fields of one tuple: a function that returns a tuple fills one field.</returns>
    /// <remarks>What it may end with: see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T> CallAsync<T>(
        string function,
        TarantoolTuple? arguments = null,
        CallOptions options = default,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentException.ThrowIfNullOrEmpty(function);
        return RunAsync<T>(RequestType.Call, function, arguments, options, cancellationToken);
    }

    /// <inheritdoc cref="CallAsync{T}"/>
    public ValueTask<TarantoolTuple> CallAsync(
        string function,
        TarantoolTuple? arguments = null,
        CallOptions options = default,
        CancellationToken cancellationToken = default
    ) => CallAsync<TarantoolTuple>(function, arguments, options, cancellationToken);

    /// <summary>Runs Lua code on the server, which needs the right to execute in the <c>universe</c>.</summary>
    /// <typeparam name="T">The type that takes the list of returned values.</typeparam>
    /// <param name="expression">The code; its arguments are <c>...</c>. Never build it from untrusted text: pass arguments.</param>
    /// <param name="arguments">The arguments; by default none.</param>
    /// <param name="options">Time-out and receiver of pushed messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The returned values, read as the fields of one tuple: code that returns a tuple fills one field.</returns>
    /// <remarks>What it may end with: see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<T> EvalAsync<T>(
        string expression,
        TarantoolTuple? arguments = null,
        CallOptions options = default,
        CancellationToken cancellationToken = default
    )
        where T : ITarantoolTuple<T>
    {
        ArgumentException.ThrowIfNullOrEmpty(expression);
        return RunAsync<T>(RequestType.Eval, expression, arguments, options, cancellationToken);
    }

    /// <inheritdoc cref="EvalAsync{T}"/>
    public ValueTask<TarantoolTuple> EvalAsync(
        string expression,
        TarantoolTuple? arguments = null,
        CallOptions options = default,
        CancellationToken cancellationToken = default
    ) => EvalAsync<TarantoolTuple>(expression, arguments, options, cancellationToken);

    /// <summary>Executes an SQL statement (servers since 2.1).</summary>
    /// <param name="sql">The statement.</param>
    /// <param name="parameters">
    /// Values for <c>?</c>, or for named ones: maps of one entry, from the name with its colon to the value. By default
    /// none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Rows, or what the statement changed.</returns>
    /// <remarks>What it may end with: see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<SqlResult> ExecuteAsync(
        string sql,
        TarantoolTuple? parameters = null,
        CancellationToken cancellationToken = default
    )
    {
        ArgumentException.ThrowIfNullOrEmpty(sql);
        return SendAsync<TextBody, SqlDecoder, SqlResult>(
            new TextBody(RequestType.Execute, sql, parameters ?? TarantoolTuple.Empty),
            default,
            default,
            cancellationToken
        );
    }

    /// <summary>
    /// Watches a key that the server's programs set by <c>box.broadcast</c> (servers since 2.10). The first value comes
    /// at once, then the newest after each change; values that follow each other faster than they are read are left
    /// out. Survives the loss of the connection.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Stops watching.</param>
    /// <returns>The values; nil while the key is not set. Several loops may watch one key.</returns>
    /// <exception cref="NotSupportedException">The server offers no watchers.</exception>
    /// <exception cref="TarantoolConnectionException">
    /// The connection was lost and <see cref="TarantoolClientOptions.AutoReconnect"/> is off.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public IAsyncEnumerable<TarantoolValue> WatchAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return ReadWatchAsync(key, cancellationToken);
    }

    private async IAsyncEnumerable<TarantoolValue> ReadWatchAsync(
        string key,
        [EnumeratorCancellation] CancellationToken cancellationToken
    )
    {
        Channel<TarantoolValue> channel = _watches.Add(key);
        try
        {
            await foreach (TarantoolValue value in channel.Reader.ReadAllAsync(cancellationToken).ConfigureAwait(false))
                yield return value;
        }
        finally
        {
            _watches.Remove(key, channel);
        }
    }

    private ValueTask<T> RunAsync<T>(
        RequestType type,
        string text,
        TarantoolTuple? arguments,
        CallOptions options,
        CancellationToken cancellationToken
    )
        where T : ITarantoolTuple<T>
    {
        if (
            options.Timeout is { } timeout
            && timeout != Timeout.InfiniteTimeSpan
            && (timeout <= TimeSpan.Zero || timeout.TotalDays > 24)
        )
            throw new ArgumentException(
                $"{nameof(CallOptions.Timeout)} is {timeout}. It is above zero and at most 24 days, or Timeout.InfiniteTimeSpan.",
                nameof(options)
            );
        return SendAsync<TextBody, ValuesDecoder<T>, T>(
            new TextBody(type, text, arguments ?? TarantoolTuple.Empty),
            default,
            options,
            cancellationToken
        );
    }
}
