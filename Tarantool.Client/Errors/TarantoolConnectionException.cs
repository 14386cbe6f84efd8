namespace Tarantool.Client;

/// <summary>
/// There is no connection, or it was lost while the request was in flight. The client never retries a request itself.
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
    /// Whether the server may have executed the request. <see langword="false"/> means that no byte of it was passed to
    /// the operating system, so a retry cannot execute it twice.
    /// </summary>
    public bool MayHaveExecuted { get; }

    /// <summary>The same failure for a request that was not sent because of it.</summary>
    internal virtual TarantoolConnectionException NothingExecuted() => new(Message, this);
}
