namespace Tarantool.Client.Protocol;

/// <summary>The space and index of a request, as given by the caller.</summary>
internal readonly record struct RequestTarget(TarantoolId Space, TarantoolId Index)
{
    /// <summary>Whether a name has to be looked up before the request can be encoded.</summary>
    public bool NeedsLookup => Space.Name is not null || Index.Name is not null;
}

/// <summary>The space and index of a request, resolved to ids.</summary>
/// <param name="Space">The id of the space.</param>
/// <param name="Index">The id of the index within the space.</param>
/// <param name="SchemaVersion">
/// The schema version in which the ids were looked up, or 0 if the caller gave ids. With a version, the server rejects
/// the request if its schema has changed, so a stale id never addresses a different space.
/// </param>
internal readonly record struct TargetIds(uint Space, uint Index, uint SchemaVersion);
