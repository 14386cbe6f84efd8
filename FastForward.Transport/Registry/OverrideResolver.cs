namespace FastForward.Transport.Registry;

/// <summary>
/// Answers "where is node N?" from several sources: the row of <see cref="RouteTable.OverriddenNodes"/> if there is one,
/// else <see cref="RouteTable.Nodes"/>, else <see cref="RouteTable.Configuration"/>.
/// </summary>
public sealed class OverrideResolver
{
    /// <summary>Creates a resolver over <paramref name="sources"/>.</summary>
    public OverrideResolver(IEnumerable<IRouteSource> sources, RouteOptions? options = null)
    {
        throw new NotSupportedException();
    }
}
