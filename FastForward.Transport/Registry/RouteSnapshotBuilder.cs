using System.Net;
using System.Runtime.InteropServices;

namespace FastForward.Transport.Registry;

/// <summary>Turns the rows of all sources into a snapshot: validation, fall-back on previous rows, key rule.</summary>
internal sealed class RouteSnapshotBuilder
{
    private readonly IRouteSource[] _sources;
    private readonly string _socketDirectory;
    private readonly bool _allowUnkeyed;
    private readonly RouteSnapshot _previous;
    private readonly RouteSnapshot _next = new();
    private readonly Dictionary<uint, List<RouteCandidate>> _candidates = [];

    private RouteSnapshotBuilder(
        IRouteSource[] sources,
        string socketDirectory,
        bool allowUnkeyed,
        RouteSnapshot previous
    )
    {
        _sources = sources;
        _socketDirectory = socketDirectory;
        _allowUnkeyed = allowUnkeyed;
        _previous = previous;
    }

    /// <summary>Builds the snapshot that follows <paramref name="previous"/>.</summary>
    /// <param name="sources">In falling precedence.</param>
    /// <param name="socketDirectory">See <see cref="RouteOptions.SocketDirectory"/>.</param>
    /// <param name="allowUnkeyed">See <see cref="RouteOptions.AllowUnkeyedNetwork"/>.</param>
    /// <param name="previous">The snapshot in use.</param>
    public static RouteSnapshot Build(
        IRouteSource[] sources,
        string socketDirectory,
        bool allowUnkeyed,
        RouteSnapshot previous
    )
    {
        RouteSnapshotBuilder builder = new(sources, socketDirectory, allowUnkeyed, previous);
        for (int i = 0; i < sources.Length; i++)
            builder.Read(i);
        foreach ((uint node, List<RouteCandidate> candidates) in builder._candidates)
            builder.Settle(node, candidates);
        return builder._next;
    }

    private void Read(int source)
    {
        Dictionary<uint, RouteCandidate> ofSource = [];
        foreach (UnreadableRow row in _sources[source].Unreadable)
        {
            _next.Problems.Add(new RouteProblem(_sources[source].Name, row.Row, row.Reason));
            if (row.Node is { } node)
                CandidateOf(ofSource, source, node);
        }

        foreach (RouteRow row in _sources[source].Rows)
        {
            // A row that was in use before was parsed before.
            Route? route = _previous.InUse.GetValueOrDefault((source, row.Node));
            if (route is null || route.Row != row)
            {
                bool good = RouteAddress.TryParse(row, _socketDirectory, out EndPoint? endPoint, out string? problem);
                route = good ? new Route(row, endPoint!, _sources[source].Table) : null;
                if (!good)
                    Report(source, row, problem!);
            }

            if (row.Node == 0)
                continue;
            RouteCandidate candidate = CandidateOf(ofSource, source, row.Node);
            if (route is null)
                continue;
            if (candidate.Fresh is null)
                candidate.Fresh = route;
            else
                Report(
                    source,
                    row,
                    $"node id {row.Node} has a row in this table already, "
                        + $"{candidate.Fresh.Row}, and the first one counts; keep one of the two"
                );
        }
    }

    private RouteCandidate CandidateOf(Dictionary<uint, RouteCandidate> ofSource, int source, uint node)
    {
        if (ofSource.TryGetValue(node, out RouteCandidate? candidate))
            return candidate;
        candidate = new RouteCandidate
        {
            Source = source,
            Previous = _previous.InUse.GetValueOrDefault((source, node)),
        };
        ofSource.Add(node, candidate);
        if (!_candidates.TryGetValue(node, out List<RouteCandidate>? list))
            _candidates.Add(node, list = []);
        list.Add(candidate);
        return candidate;
    }

    private void Settle(uint node, List<RouteCandidate> candidates)
    {
        foreach (RouteCandidate candidate in candidates)
            candidate.Chosen = candidate.Wanted;
        if (!_allowUnkeyed && KeyOf(candidates) == 0)
            RefuseExposed(candidates);

        List<Route> routes = [];
        foreach (RouteCandidate candidate in candidates)
        {
            if (candidate.Chosen is null)
                continue;
            routes.Add(candidate.Chosen);
            _next.InUse.Add((candidate.Source, node), candidate.Chosen);
        }

        if (routes.Count == 0)
            return;
        NodeRoutes? old = _previous.Nodes.GetValueOrDefault(node);
        _next.Nodes.Add(
            node,
            old is not null && old.HasSame(CollectionsMarshal.AsSpan(routes)) ? old : new NodeRoutes(node, [.. routes])
        );
    }

    // No row in sight has a key. Rows that would leave the machine fall back on a predecessor that had one. If that
    // gives the node its key again, the remaining rows are covered, since the key belongs to the association and not to
    // a path; if not, they fall back on a predecessor that stays on the machine, or go.
    private void RefuseExposed(List<RouteCandidate> candidates)
    {
        foreach (RouteCandidate candidate in candidates)
        {
            if (candidate.IsExposed && candidate.Previous is { Row.KeyId: not 0 })
                candidate.Chosen = candidate.Previous;
        }

        bool covered = KeyOf(candidates) != 0;
        foreach (RouteCandidate candidate in candidates)
        {
            if (!covered && candidate.IsExposed)
            {
                candidate.Chosen = candidate.Previous;
                if (candidate.IsExposed)
                    candidate.Chosen = null;
            }

            if (ReferenceEquals(candidate.Chosen, candidate.Wanted))
                continue;
            Report(
                candidate.Source,
                candidate.Wanted!.Row,
                "key id 0 demands no key, but this way leaves the machine, and others on it could read and forge; "
                    + "give the row the id of a key that both nodes have; where the network is trusted, "
                    + "set the option AllowUnkeyedNetwork on both nodes"
            );
        }
    }

    private static uint KeyOf(List<RouteCandidate> candidates)
    {
        foreach (RouteCandidate candidate in candidates)
        {
            if (candidate.Chosen is { Row.KeyId: not 0 } route)
                return route.Row.KeyId;
        }

        return 0;
    }

    private void Report(int source, in RouteRow row, string reason) =>
        _next.Problems.Add(new RouteProblem(_sources[source].Name, row.ToString(), reason));
}
