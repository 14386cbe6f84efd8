namespace FastForward.Transport.Registry;

/// <summary>All that a resolver knows at one moment. Immutable once it is built.</summary>
internal sealed class RouteSnapshot
{
    public static readonly RouteSnapshot Empty = new();

    public Dictionary<uint, NodeRoutes> Nodes { get; } = [];

    /// <summary>The rows in use, by source and node: what a bad successor falls back on.</summary>
    public Dictionary<(int Source, uint Node), Route> InUse { get; } = [];

    public List<RouteProblem> Problems { get; } = [];

    /// <summary>The nodes whose routes are not those of another snapshot.</summary>
    public List<uint> FindChanges(RouteSnapshot other)
    {
        List<uint> changed = [];
        foreach ((uint node, NodeRoutes routes) in Nodes)
        {
            // The builder takes over the object of a node that did not change.
            if (!other.Nodes.TryGetValue(node, out NodeRoutes? others) || !ReferenceEquals(routes, others))
                changed.Add(node);
        }

        foreach (uint node in other.Nodes.Keys)
        {
            if (!Nodes.ContainsKey(node))
                changed.Add(node);
        }

        return changed;
    }
}
