namespace Tarantool.Client;

/// <summary>
/// The peer sent bytes that are not IPROTO, or more than the configured maximum. The connection is closed, because
/// nothing after such bytes can be trusted; requests in flight fail with this exception as the cause.
/// </summary>
public sealed class TarantoolProtocolException : TarantoolConnectionException
{
    internal TarantoolProtocolException(string message, Exception? innerException = null, bool mayHaveExecuted = false)
        : base(message, innerException, mayHaveExecuted) { }

    internal override TarantoolProtocolException NothingExecuted() => new(Message, this);
}
