using System.Runtime.InteropServices;

namespace FastForward.Transport.Registry;

/// <summary>
/// The routes of one node from what all sources say of it: fall-back on last good rows, and the key rule.
/// </summary>
/// <param name="sources">In falling precedence.</param>
/// <param name="allowUnkeyed">See <see cref="RouteOptions.AllowUnkeyedNetwork"/>.</param>
internal sealed class RouteEvaluation(SourceStatements[] sources, bool allowUnkeyed)
{
    private readonly List<(SourceStatements Source, RouteStatement Statement)> _said = [];
    private readonly List<Route> _routes = [];

    /// <summary>Evaluates.</summary>
    /// <param name="node">The node.</param>
    /// <param name="former">Its routes so far.</param>
    /// <returns><paramref name="former"/> itself when nothing has changed; null when there is no route.</returns>
    public NodeRoutes? Evaluate(uint node, NodeRoutes? former)
    {
        _said.Clear();
        _routes.Clear();
        foreach (SourceStatements source in sources)
        {
            if (source.Find(node) is not { } statement)
                continue;
            statement.Chosen = statement.Wanted;
            statement.Expose(null);
            _said.Add((source, statement));
        }

        if (!allowUnkeyed && FindKey() == 0)
            RefuseExposed();
        foreach ((SourceStatements source, RouteStatement statement) in _said)
        {
            statement.InUse = statement.Chosen;
            if (statement.InUse is { } route)
                _routes.Add(route);
            source.Evaluated(node, statement);
        }

        if (_routes.Count == 0)
            return null;
        return former is not null && former.HasSame(CollectionsMarshal.AsSpan(_routes))
            ? former
            : new NodeRoutes(node, [.. _routes]);
    }

    // No row in sight has a key. Rows that would leave the machine fall back on a predecessor that had one. If that
    // gives the node its key again, the remaining rows are covered, since the key belongs to the association and not to
    // a path; if not, they fall back on a predecessor that stays on the machine, or go.
    private void RefuseExposed()
    {
        foreach ((_, RouteStatement statement) in _said)
        {
            if (statement.IsExposed && statement.InUse is { Row.KeyId: not 0 })
                statement.Chosen = statement.InUse;
        }

        bool covered = FindKey() != 0;
        foreach ((SourceStatements source, RouteStatement statement) in _said)
        {
            if (!covered && statement.IsExposed)
            {
                statement.Chosen = statement.InUse;
                if (statement.IsExposed)
                    statement.Chosen = null;
            }

            if (ReferenceEquals(statement.Chosen, statement.Wanted))
                continue;
            statement.Expose(
                new RouteProblem(
                    source.Source.Name,
                    statement.Wanted!.Row.ToString(),
                    "key id 0 demands no key, but this way leaves the machine, and others on it could read and forge; "
                        + "give the row the id of a key that both nodes have; where the network is trusted, "
                        + "set the option AllowUnkeyedNetwork on both nodes"
                )
            );
        }
    }

    private uint FindKey()
    {
        foreach ((_, RouteStatement statement) in _said)
        {
            if (statement.Chosen is { Row.KeyId: not 0 } route)
                return route.Row.KeyId;
        }

        return 0;
    }
}
