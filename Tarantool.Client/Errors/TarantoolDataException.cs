namespace Tarantool.Client;

/// <summary>
/// The type, range or number of fields of a value differs from what the reading code expects. The connection stays
/// open.
/// </summary>
public sealed class TarantoolDataException : TarantoolException
{
    internal TarantoolDataException(string message, Exception? innerException = null)
        : base(message, innerException) { }
}
