using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Tarantool.Client.Protocol;

namespace Tarantool.Client;

/// <content>Requests that do not address a space.</content>
public sealed partial class TarantoolClient
{
    /// <summary>Checks that the server responds.</summary>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Completes when the server has responded.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask PingAsync(CancellationToken cancellationToken = default) =>
        DiscardAsync(SendAsync<PingBody, NothingDecoder, bool>(default, default, default, cancellationToken));

    /// <summary>Calls a stored function.</summary>
    /// <typeparam name="T">The type that takes the list of returned values.</typeparam>
    /// <param name="function">The function's name, such as <c>box.info</c> or <c>module.update</c>.</param>
    /// <param name="arguments">The arguments; by default none.</param>
    /// <param name="options">Timeout and receiver of pushed messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The returned values, read as the fields of one tuple: a function that returns a tuple fills one field.
    /// </returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
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

    /// <summary>Runs Lua code on the server. Requires the execute privilege on <c>universe</c>.</summary>
    /// <typeparam name="T">The type that takes the list of returned values.</typeparam>
    /// <param name="expression">
    /// The code, in which <c>...</c> are the arguments. Never build it from untrusted input; pass arguments instead.
    /// </param>
    /// <param name="arguments">The arguments; by default none.</param>
    /// <param name="options">Timeout and receiver of pushed messages.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>
    /// The returned values, read as the fields of one tuple: code that returns a tuple fills one field.
    /// </returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
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
    /// Values for <c>?</c>. A named parameter is a map with one entry from its name, including the colon, to the value.
    /// By default none.
    /// </param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The rows of a query, or the changes made by the statement.</returns>
    /// <remarks>For exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
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
    /// Watches a key that server-side code sets with <c>box.broadcast</c> (servers since 2.10). Yields the current
    /// value, then the newest value after each change; intermediate values are skipped if the caller reads more slowly
    /// than they change. A value that cannot be decoded (nested too deeply, or above
    /// <see cref="TarantoolClientOptions.MaxResponseSize"/>) is logged and skipped. Continues over reconnects.
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Stops watching.</param>
    /// <returns>The values; nil while the key is not set. One key may be watched several times.</returns>
    /// <exception cref="NotSupportedException">The server does not support watchers.</exception>
    /// <exception cref="TarantoolConnectionException">
    /// The connection was lost and <see cref="TarantoolClientOptions.AutoReconnect"/> is off.
    /// </exception>
    /// <exception cref="ObjectDisposedException">The client was disposed.</exception>
    public IAsyncEnumerable<TarantoolValue> WatchAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return ReadWatchAsync(key, cancellationToken);
    }

    /// <summary>
    /// Gets the current value of a key that server-side code sets with <c>box.broadcast</c>, without watching it
    /// (servers since 3.0).
    /// </summary>
    /// <param name="key">The key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The value; nil if the key is not set.</returns>
    /// <exception cref="NotSupportedException">The server does not support this request.</exception>
    /// <remarks>For other exceptions see the remarks of <see cref="TarantoolClient"/>.</remarks>
    public ValueTask<TarantoolValue> WatchOnceAsync(string key, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(key);
        return SendAsync<WatchBody, KeyValueDecoder, TarantoolValue>(
            new WatchBody(RequestType.WatchOnce, key),
            default,
            default,
            cancellationToken
        );
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
                $"{nameof(CallOptions.Timeout)} is {timeout}. "
                    + "It must be above zero and at most 24 days, or Timeout.InfiniteTimeSpan.",
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
