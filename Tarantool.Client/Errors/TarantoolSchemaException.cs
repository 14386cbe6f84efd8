namespace Tarantool.Client;

/// <summary>
/// A space or index was named that does not exist or that the user may not see. The request itself was not sent.
/// </summary>
public sealed class TarantoolSchemaException : TarantoolException
{
    internal TarantoolSchemaException(string message)
        : base(message) { }
}
