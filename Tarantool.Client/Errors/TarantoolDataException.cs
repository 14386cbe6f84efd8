namespace Tarantool.Client;

/// <summary>
/// A value has another type, range or number of fields than the reading code asked for. The connection is not affected.
/// </summary>
public sealed class TarantoolDataException : TarantoolException
{
    internal TarantoolDataException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
