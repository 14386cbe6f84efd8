using System.Net;

namespace FastForward.Transport.Registry;

/// <summary>
/// What one source says of all nodes. A pass over its rows finds those that differ from the pass before: a table of
/// thousands of rows of which one has changed costs comparisons and no memory.
/// </summary>
/// <param name="source">The source.</param>
/// <param name="socketDirectory">See <see cref="RouteOptions.SocketDirectory"/>.</param>
internal sealed class SourceStatements(IRouteSource source, string socketDirectory)
{
    private readonly Dictionary<uint, RouteStatement> _ofNode = [];
    private readonly List<RouteProblem> _ofNone = [];
    private readonly SortedSet<uint> _troubled = [];
    private readonly List<uint> _gone = [];
    private uint _pass;

    /// <summary>The source.</summary>
    public IRouteSource Source => source;

    /// <summary>The rows that are skipped.</summary>
    public IEnumerable<RouteProblem> Problems
    {
        get
        {
            foreach (RouteProblem problem in _ofNone)
                yield return problem;
            foreach (uint node in _troubled)
            {
                RouteTrouble trouble = _ofNode[node].Trouble!;
                foreach (RouteProblem problem in trouble.Skipped)
                    yield return problem;
                if (trouble.Exposure is { } exposure)
                    yield return exposure;
            }
        }
    }

    /// <summary>What the source says of a node; null when nothing.</summary>
    public RouteStatement? Find(uint node) => _ofNode.GetValueOrDefault(node);

    /// <summary>Reads the source.</summary>
    /// <param name="changed">Receives the nodes of which it says something else than before.</param>
    public void Read(HashSet<uint> changed)
    {
        _pass++;
        _ofNone.Clear();

        // In this order: of a row that has just become unreadable the old form may be seen, but not none.
        IReadOnlyCollection<RouteRow> rows = source.Rows;
        foreach (UnreadableRow row in source.Unreadable)
        {
            RouteProblem problem = new(source.Name, row.Row, row.Reason);
            if (row.Node is not { } node || node == 0)
            {
                _ofNone.Add(problem);
                continue;
            }

            Mention(node, changed).Skip(problem);
        }

        foreach (RouteRow row in rows)
            Read(row, changed);
        foreach ((uint node, RouteStatement statement) in _ofNode)
        {
            if (statement.Pass != _pass)
                _gone.Add(node);
        }

        foreach (uint node in _gone)
        {
            _ofNode.Remove(node);
            _troubled.Remove(node);
            changed.Add(node);
        }

        _gone.Clear();
    }

    /// <summary>The routes of a node have been evaluated.</summary>
    public void Evaluated(uint node, RouteStatement statement)
    {
        if (statement.Trouble is null)
            _troubled.Remove(node);
        else
            _troubled.Add(node);
    }

    private void Read(in RouteRow row, HashSet<uint> changed)
    {
        if (row.Node == 0)
        {
            _ = RouteAddress.TryParse(row, socketDirectory, out _, out string? none);
            _ofNone.Add(new RouteProblem(source.Name, row.ToString(), none!));
            return;
        }

        if (_ofNode.TryGetValue(row.Node, out RouteStatement? known) && known.Pass != _pass && known.SaysOnly(row))
        {
            known.Confirm(_pass);
            return;
        }

        RouteStatement statement = Mention(row.Node, changed);
        if (!RouteAddress.TryParse(row, socketDirectory, out EndPoint? endPoint, out string? problem))
            statement.Skip(new RouteProblem(source.Name, row.ToString(), problem!));
        else if (!statement.TryTake(new Route(row, endPoint!, source.Table)))
            statement.Skip(
                new RouteProblem(
                    source.Name,
                    row.ToString(),
                    $"node id {row.Node} has a row in this table already, {statement.Fresh!.Row}, and the first one "
                        + "counts; keep one of the two"
                )
            );
    }

    private RouteStatement Mention(uint node, HashSet<uint> changed)
    {
        if (!_ofNode.TryGetValue(node, out RouteStatement? statement))
            _ofNode.Add(node, statement = new RouteStatement());
        if (statement.Pass != _pass)
            statement.Begin(_pass);
        changed.Add(node);
        return statement;
    }
}
