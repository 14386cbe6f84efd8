using System.Runtime.CompilerServices;
using System.Threading.Channels;
using FastForward.Host.Control;
using FastForward.Host.Instances;
using FastForward.Transport.Registry;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Host.Running;

/// <summary>Follows the registries of an instance without running its node.</summary>
internal sealed class RegistryWatch
{
    private readonly TarantoolRegistry _registry;
    private readonly Dictionary<string, string> _states = [];
    private readonly Dictionary<(RouteTable, uint), RouteRow> _rows = [];
    private readonly HashSet<UnreadableRow> _skipped = [];

    private int _isQueued;

    private RegistryWatch(TarantoolRegistry registry) => _registry = registry;

    /// <summary>All changes until cancelled; the rows that there are come first, as added ones.</summary>
    public static async IAsyncEnumerable<RegistryEvent> RunAsync(
        InstanceSettings settings,
        [EnumeratorCancellation] CancellationToken stop
    )
    {
        // Each registry is in it at most once.
        Channel<RegistryWatch> changed = Channel.CreateUnbounded<RegistryWatch>();
        List<RegistryWatch> watches = [];
        try
        {
            foreach (RegistrySettings registry in settings.Registries)
            {
                RegistryWatch watch = new(RegistryCheck.Create(registry, settings.Network));
                watches.Add(watch);
                watch._registry.StatusChanged += () =>
                {
                    if (Interlocked.Exchange(ref watch._isQueued, 1) == 0)
                        changed.Writer.TryWrite(watch);
                };
                watch._registry.Start();
            }

            await foreach (RegistryWatch watch in changed.Reader.ReadAllAsync(stop).ConfigureAwait(false))
            {
                Volatile.Write(ref watch._isQueued, 0);
                foreach (RegistryEvent change in watch.FindChanges())
                    yield return change;
            }
        }
        finally
        {
            foreach (RegistryWatch watch in watches)
                await watch._registry.DisposeAsync().ConfigureAwait(false);
        }
    }

    private List<RegistryEvent> FindChanges()
    {
        DateTimeOffset now = DateTimeOffset.Now;
        List<RegistryEvent> changes = [];
        foreach (RegistryServerReport server in RegistryReports.Report(_registry.Status).Servers)
        {
            if (_states.GetValueOrDefault(server.Address) == server.State)
                continue;
            _states[server.Address] = server.State;
            changes.Add(
                new RegistryEvent
                {
                    Time = now,
                    Source = _registry.Name,
                    Kind = RegistryEvent.ServerState,
                    Server = server.Address,
                    State = server.State,
                    Detail = server.Detail,
                }
            );
        }

        foreach (IRouteSource source in _registry.Sources)
            Compare(source, now, changes);
        return changes;
    }

    private void Compare(IRouteSource source, DateTimeOffset now, List<RegistryEvent> changes)
    {
        HashSet<(RouteTable, uint)> present = [];
        foreach (RouteRow row in source.Rows)
        {
            present.Add((source.Table, row.Node));
            bool isKnown = _rows.TryGetValue((source.Table, row.Node), out RouteRow former);
            if (isKnown && former == row)
                continue;
            _rows[(source.Table, row.Node)] = row;
            Add(isKnown ? RegistryEvent.Changed : RegistryEvent.Added, row.ToString());
        }

        foreach (UnreadableRow row in source.Unreadable)
        {
            if (row.Node is { } node)
                present.Add((source.Table, node));
            if (_skipped.Add(row))
                Add(RegistryEvent.Skipped, row.Row, row.Reason);
        }

        _skipped.IntersectWith(_registry.Sources.SelectMany(static other => other.Unreadable));
        foreach ((RouteTable Table, uint Node) key in _rows.Keys.ToArray())
        {
            if (key.Table == source.Table && !present.Contains(key) && _rows.Remove(key, out RouteRow gone))
                Add(RegistryEvent.Removed, gone.ToString());
        }

        void Add(string kind, string row, string? detail = null) =>
            changes.Add(
                new RegistryEvent
                {
                    Time = now,
                    Source = source.Name,
                    Kind = kind,
                    Row = row,
                    Detail = detail,
                }
            );
    }
}
