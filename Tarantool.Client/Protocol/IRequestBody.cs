namespace Tarantool.Client.Protocol;

/// <summary>
/// The body of a request. Implementations are structs, so that encoding is specialised at compile time and a request
/// allocates nothing for it.
/// </summary>
internal interface IRequestBody
{
    /// <summary>The request type that goes with this body.</summary>
    RequestType Type { get; }

    /// <summary>The space and index that the request names; <c>default</c> for requests without.</summary>
    RequestTarget Target { get; }

    /// <summary>Writes the body map.</summary>
    void Write(ref TarantoolWriter writer, in TargetIds ids);
}
