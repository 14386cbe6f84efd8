namespace Tarantool.Client;

/// <summary>
/// The base of all errors that this package reports about the server, the connection or the data. Time-outs are
/// reported as <see cref="TimeoutException"/> and cancellation as <see cref="OperationCanceledException"/>.
/// </summary>
public abstract class TarantoolException : Exception
{
    private protected TarantoolException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
