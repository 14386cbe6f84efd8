namespace FastForward.Transport.Registry;

/// <summary>A row that a resolver uses.</summary>
public sealed class EffectiveRoute
{
    internal EffectiveRoute(RouteRow row, string source, bool isPreferred, uint keyId)
    {
        Row = row;
        Source = source;
        IsPreferred = isPreferred;
        KeyId = keyId;
    }

    /// <summary>The row.</summary>
    public RouteRow Row { get; }

    /// <summary>The <see cref="IRouteSource.Name"/> of its source.</summary>
    public string Source { get; }

    /// <summary>
    /// Whether it has the highest precedence of the rows in use for its node; otherwise another one comes first.
    /// </summary>
    public bool IsPreferred { get; }

    /// <summary>The key that the node demands whatever the route; 0 for none. It may come from another row.</summary>
    public uint KeyId { get; }
}
