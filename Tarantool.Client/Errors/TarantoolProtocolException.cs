namespace Tarantool.Client;

/// <summary>
/// The peer sent bytes that are not valid IPROTO, or a frame above the configured maximum. The connection is closed,
/// because the stream cannot be resynchronised; requests in flight fail with this exception as the cause.
/// </summary>
public sealed class TarantoolProtocolException : TarantoolConnectionException
{
    internal TarantoolProtocolException(string message, Exception? innerException = null, bool mayHaveExecuted = false)
        : base(message, innerException, mayHaveExecuted) { }

    internal override TarantoolProtocolException NothingExecuted() => new(Message, this);
}
