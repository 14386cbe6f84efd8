namespace Tarantool.Client;

/// <summary>
/// Base class of the exceptions that this package throws about the server, the connection or the data. Timeouts are
/// reported as <see cref="TimeoutException"/>, cancellation as <see cref="OperationCanceledException"/>.
/// </summary>
public abstract class TarantoolException : Exception
{
    private protected TarantoolException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
