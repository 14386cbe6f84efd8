namespace Tarantool.Client;

/// <summary>What a call or an evaluation takes beside its name and arguments.</summary>
public readonly record struct CallOptions
{
    /// <summary>
    /// How long to wait for the result instead of <see cref="TarantoolClientOptions.RequestTimeout"/>; for functions
    /// that wait on purpose. <see cref="System.Threading.Timeout.InfiniteTimeSpan"/> waits without limit.
    /// </summary>
    public TimeSpan? Timeout { get; init; }

    /// <summary>
    /// Takes what the function sends by <c>box.session.push</c>, in order and before the result. It is called on the
    /// connection's reading loop: it must return quickly and must not block, or every other request waits for it. What
    /// it throws is logged and otherwise ignored. <see cref="Progress{T}"/> hands each message to another thread
    /// instead, where it may be seen late and out of order; implement the interface to keep the order.
    /// </summary>
    public IProgress<TarantoolValue>? Push { get; init; }
}
