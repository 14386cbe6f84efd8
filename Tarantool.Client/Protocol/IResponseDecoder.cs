namespace Tarantool.Client.Protocol;

/// <summary>Takes what a request wants from the body map of its answer. Implementations are mutable structs.</summary>
/// <typeparam name="TResult">What the request returns.</typeparam>
internal interface IResponseDecoder<out TResult>
{
    /// <summary>What was decoded.</summary>
    /// <exception cref="TarantoolProtocolException">A key that must be there was missing.</exception>
    TResult Result { get; }

    /// <summary>Reads the value of a key, or leaves the reader alone and returns false to have it skipped.</summary>
    bool TryDecode(uint key, ref TarantoolReader reader);
}
