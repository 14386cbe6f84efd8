namespace Tarantool.Client;

/// <summary>
/// There is no connection, or it was lost while a request was under way. The client never repeats a request by itself.
/// </summary>
public class TarantoolConnectionException : TarantoolException
{
    internal TarantoolConnectionException(
        string message,
        Exception? innerException = null,
        bool mayHaveExecuted = false
    )
        : base(message, innerException) => MayHaveExecuted = mayHaveExecuted;

    /// <summary>
    /// Whether the server may have executed the request. <see langword="false"/> means that no byte of it was handed
    /// to the operating system, so that repeating it cannot execute it twice.
    /// </summary>
    public bool MayHaveExecuted { get; }

    /// <summary>The same failure, for a request that waited for what failed.</summary>
    internal virtual TarantoolConnectionException NothingExecuted() => new(Message, this);
}
