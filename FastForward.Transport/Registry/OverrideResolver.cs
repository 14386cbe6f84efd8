using System.Collections.Immutable;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Transport.Registry;

/// <summary>
/// Answers "where is node N?" from several sources: the row of <see cref="RouteTable.OverriddenNodes"/> if there is
/// one, else <see cref="RouteTable.Nodes"/>, else <see cref="RouteTable.Configuration"/>. It checks every row, and
/// follows the sources as they change.
/// </summary>
/// <remarks>
/// <para>A bad row is skipped and named in <see cref="Problems"/>; the row of the same source and node that was in use
/// before stays in use. Among several good rows of one source for one node the first counts, the others are problems.
/// Between sources of one table, the one given first has precedence.</para>
/// <para>A route that leaves the machine (IP or RDMA, not to the loopback) needs a key: its own, or that of any other
/// good row of the node (<see cref="NodeRoutes.KeyId"/>). Without one it is a bad row, unless
/// <see cref="RouteOptions.AllowUnkeyedNetwork"/>.</para>
/// <para>Any thread may read at any time: reads take no lock and see one whole snapshot each. The resolver does not own
/// its sources.</para>
/// </remarks>
public sealed partial class OverrideResolver : IDisposable
{
    private const int MaxLinesPerChange = 20;
    private const int FewNodes = 256;

    private readonly SourceStatements[] _sources;
    private readonly RouteEvaluation _evaluation;
    private readonly HashSet<uint> _mentioned = []; // and not evaluated yet
    private readonly List<uint> _changed = [];
    private readonly ILogger _logger;
    private readonly Lock _rebuild = new();
    private readonly List<RouteChanges> _readers = [];
    private volatile ImmutableDictionary<uint, NodeRoutes> _routes = ImmutableDictionary<uint, NodeRoutes>.Empty;
    private volatile IReadOnlyList<RouteProblem> _problems = [];
    private bool _disposed;

    /// <summary>Creates a resolver and reads the sources once.</summary>
    /// <param name="sources">Where the rows come from, in any order of tables.</param>
    /// <param name="options">Settings, copied; defaults when null.</param>
    /// <param name="logger">Where problems are reported as they come and go.</param>
    /// <exception cref="ArgumentException">An option cannot work; the message names it.</exception>
    public OverrideResolver(
        IEnumerable<IRouteSource> sources,
        RouteOptions? options = null,
        ILogger<OverrideResolver>? logger = null
    )
    {
        ArgumentNullException.ThrowIfNull(sources);
        options ??= new RouteOptions();
        options.Validate();
        SocketDirectory = options.SocketDirectory;
        _logger = logger ?? NullLogger<OverrideResolver>.Instance;
        _sources =
        [
            .. sources
                .OrderBy(static source => source.Table)
                .Select(source => new SourceStatements(source, options.SocketDirectory)),
        ];
        _evaluation = new RouteEvaluation(_sources, options.AllowUnkeyedNetwork);

        // Listening comes first: a change between the reading and the listening would be lost.
        foreach (SourceStatements statements in _sources)
            statements.Source.Changed += Rebuild;
        Rebuild();
    }

    /// <summary>
    /// Routes or problems changed. Raised after the fact, on whichever thread a source reported its change; several
    /// changes in quick succession may be seen at the first of their events.
    /// </summary>
    public event Action? Changed;

    /// <summary>See <see cref="RouteOptions.SocketDirectory"/>.</summary>
    internal string SocketDirectory { get; }

    /// <summary>The nodes that at least one good route leads to.</summary>
    internal IReadOnlyCollection<uint> Nodes => [.. _routes.Keys];

    /// <summary>The rows that were skipped, and why.</summary>
    public IReadOnlyList<RouteProblem> Problems => _problems;

    /// <summary>The routes to a node. The object stays the same one as long as they do.</summary>
    /// <param name="node">The node id.</param>
    /// <returns>Null when no good route leads to it.</returns>
    internal NodeRoutes? Find(uint node) => _routes.GetValueOrDefault(node);

    /// <summary>
    /// Begins to collect which nodes change, for one reader; at first these are all nodes. Dispose of the result.
    /// </summary>
    /// <param name="notify">Is called, on any thread, after changes when there were none to take before.</param>
    internal RouteChanges Follow(Action notify)
    {
        lock (_rebuild)
        {
            RouteChanges reader = new(this, _routes.Keys, notify);
            _readers.Add(reader);
            return reader;
        }
    }

    internal void Forget(RouteChanges reader)
    {
        lock (_rebuild)
            _readers.Remove(reader);
    }

    /// <summary>Stops following the sources. The last routes stay readable.</summary>
    public void Dispose()
    {
        foreach (SourceStatements statements in _sources)
            statements.Source.Changed -= Rebuild;
        lock (_rebuild)
            _disposed = true;
    }

    private void Rebuild()
    {
        List<RouteChanges> waiting = [];
        lock (_rebuild)
        {
            if (_disposed)
                return;
            // If a source throws, what the others have said is evaluated the next time.
            foreach (SourceStatements source in _sources)
                source.Read(_mentioned);
            _changed.Clear();
            ImmutableDictionary<uint, NodeRoutes>.Builder routes = _routes.ToBuilder();
            foreach (uint node in _mentioned)
                Evaluate(node, routes);
            _routes = routes.ToImmutable();
            Clear(_mentioned);
            IReadOnlyList<RouteProblem> before = _problems;
            RouteProblem[] problems = [.. _sources.SelectMany(static source => source.Problems)];
            if (_changed.Count == 0 && problems.SequenceEqual(before))
                return;
            _problems = problems;
            foreach (RouteChanges reader in _readers)
            {
                if (_changed.Count > 0 && reader.Add(_changed))
                    waiting.Add(reader);
            }

            LogProblems(before, problems);
        }

        // Outside the lock: a subscriber may change a source or dispose of the resolver.
        try
        {
            foreach (RouteChanges reader in waiting)
                reader.Notify();
        }
        finally
        {
            Changed?.Invoke();
        }
    }

    private void Evaluate(uint node, ImmutableDictionary<uint, NodeRoutes>.Builder all)
    {
        NodeRoutes? former = all.GetValueOrDefault(node);
        NodeRoutes? routes = _evaluation.Evaluate(node, former);
        if (ReferenceEquals(routes, former))
            return;
        _changed.Add(node);
        if (routes is null)
            all.Remove(node);
        else
            all[node] = routes;
    }

    // The first rows are many, what changes later are few.
    private static void Clear(HashSet<uint> nodes)
    {
        nodes.Clear();
        if (nodes.Capacity > FewNodes)
            nodes.TrimExcess();
    }

    private void LogProblems(IReadOnlyList<RouteProblem> before, RouteProblem[] now)
    {
        // A table of nothing but bad rows must not fill the log; all of them are in Problems.
        foreach (RouteProblem problem in now.Except(before).Take(MaxLinesPerChange))
            LogSkipped(_logger, problem.Source, problem.Row, problem.Reason);
        foreach (RouteProblem problem in before.Except(now).Take(MaxLinesPerChange))
            LogMended(_logger, problem.Source, problem.Row);
        LogRoutes(_logger, _routes.Count, now.Length);
    }

    [LoggerMessage(
        EventId = 1500,
        Level = LogLevel.Warning,
        Message = "Row {Row} of {Source} is skipped: {Reason}. If the node had a good row there, that one stays in use"
    )]
    private static partial void LogSkipped(ILogger logger, string source, string row, string reason);

    [LoggerMessage(
        EventId = 1501,
        Level = LogLevel.Information,
        Message = "Row {Row} of {Source} was a problem and is none any more"
    )]
    private static partial void LogMended(ILogger logger, string source, string row);

    [LoggerMessage(
        EventId = 1502,
        Level = LogLevel.Information,
        Message = "Routes changed: {Nodes} nodes, {Problems} rows skipped"
    )]
    private static partial void LogRoutes(ILogger logger, int nodes, int problems);
}
