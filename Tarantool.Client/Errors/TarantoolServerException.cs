namespace Tarantool.Client;

/// <summary>The server responded to a request with an error. The connection stays open.</summary>
public sealed class TarantoolServerException : TarantoolException
{
    internal TarantoolServerException(int code, string message, IReadOnlyList<TarantoolErrorInfo> errorStack)
        : base(message)
    {
        Code = code;
        ErrorStack = errorStack;
    }

    /// <summary>The server's error code, without the error flag; see <see cref="TarantoolErrorCodes"/>.</summary>
    public int Code { get; }

    /// <summary>
    /// The error and its causes, outermost first. Sent by servers since 2.4.1; empty for older ones.
    /// </summary>
    public IReadOnlyList<TarantoolErrorInfo> ErrorStack { get; }
}
