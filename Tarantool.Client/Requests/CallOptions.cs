namespace Tarantool.Client;

/// <summary>Options of a call or evaluation. The default value uses the client's timeout and ignores pushes.</summary>
public readonly record struct CallOptions
{
    /// <summary>
    /// The timeout of this request, instead of <see cref="TarantoolClientOptions.RequestTimeout"/>; for functions that
    /// run or wait longer. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> disables it.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// Receives the messages that the function sends with <c>box.session.push</c>, in order and before the result.
    /// Called on the connection's read loop: must return quickly and must not block, since all other requests wait for
    /// it. Exceptions are logged and ignored. <see cref="Progress{T}"/> posts each message to another thread, where it
    /// may arrive late and out of order; implement the interface to preserve the order.
    /// </summary>
    public IProgress<TarantoolValue>? Push { get; init; }
}
