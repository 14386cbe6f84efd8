namespace Tarantool.Client.Protocol;

/// <summary>
/// Extracts a request's result from the body map of its response. Implementations are mutable structs.
/// </summary>
/// <typeparam name="TResult">The request's result.</typeparam>
internal interface IResponseDecoder<out TResult>
{
    /// <summary>The decoded result.</summary>
    /// <exception cref="TarantoolProtocolException">A required key is missing.</exception>
    TResult Result { get; }

    /// <summary>
    /// Reads the value of a key, or returns false without reading, in which case the value is skipped.
    /// </summary>
    bool TryDecode(uint key, ref TarantoolReader reader);
}
