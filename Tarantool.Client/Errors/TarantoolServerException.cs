namespace Tarantool.Client;

/// <summary>The server answered a request with an error. The connection is not affected.</summary>
public sealed class TarantoolServerException : TarantoolException
{
    internal TarantoolServerException(int code, string message, IReadOnlyList<TarantoolErrorInfo> errorStack)
        : base(message)
    {
        Code = code;
        ErrorStack = errorStack;
    }

    /// <summary>The server's error code, without the flag that marks errors; see <see cref="TarantoolErrorCodes"/>.</summary>
    public int Code { get; }

    /// <summary>
    /// The error and its causes, the outermost first, as servers since 2.4.1 send it; empty from older ones.
    /// </summary>
    public IReadOnlyList<TarantoolErrorInfo> ErrorStack { get; }
}
