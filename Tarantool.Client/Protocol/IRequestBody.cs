namespace Tarantool.Client.Protocol;

/// <summary>
/// The body of a request. Implementations are structs, so that encoding is specialised per type and allocates nothing.
/// </summary>
internal interface IRequestBody
{
    /// <summary>The request type of this body.</summary>
    RequestType Type { get; }

    /// <summary>The space and index that the request addresses; <c>default</c> if it addresses none.</summary>
    RequestTarget Target { get; }

    /// <summary>Writes the body map.</summary>
    void Write(ref TarantoolWriter writer, in TargetIds ids);
}
