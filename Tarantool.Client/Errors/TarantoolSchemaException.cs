namespace Tarantool.Client;

/// <summary>
/// The named space or index does not exist, or the user may not see it. The request itself was not sent.
/// </summary>
public sealed class TarantoolSchemaException : TarantoolException
{
    internal TarantoolSchemaException(string message)
        : base(message) { }
}
