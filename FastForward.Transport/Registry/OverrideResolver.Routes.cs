namespace FastForward.Transport.Registry;

public sealed partial class OverrideResolver
{
    /// <summary>All rows in use at this moment, by node, those of one node in falling precedence.</summary>
    public IReadOnlyList<EffectiveRoute> GetRoutes()
    {
        lock (_rebuild)
        {
            List<EffectiveRoute> routes = [];
            foreach (uint node in _routes.Keys.Order())
            {
                bool isFirst = true;
                foreach (SourceStatements source in _sources)
                {
                    if (source.Find(node)?.InUse is not { } route)
                        continue;
                    routes.Add(new EffectiveRoute(route.Row, source.Source.Name, isFirst, _routes[node].KeyId));
                    isFirst = false;
                }
            }

            return routes;
        }
    }
}
