namespace Tarantool.Client.Protocol;

/// <summary>What a request addresses, as its caller said it.</summary>
internal readonly record struct RequestTarget(TarantoolId Space, TarantoolId Index)
{
    /// <summary>Whether a name has to be looked up before the request can be encoded.</summary>
    public bool NeedsLookup => Space.Name is not null || Index.Name is not null;
}

/// <summary>What a request addresses, as the server wants it.</summary>
/// <param name="Space">The space's number.</param>
/// <param name="Index">The index's number within the space.</param>
/// <param name="SchemaVersion">
/// The schema version that the numbers were looked up in, or 0 if the caller gave numbers. With a version the server
/// refuses the request when its schema has changed, so a number can never hit another space than the one named.
/// </param>
internal readonly record struct TargetIds(uint Space, uint Index, uint SchemaVersion);
