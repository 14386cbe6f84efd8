namespace FastForward.Transport.Registry.Tarantool;

/// <summary>One space of a registry as a source of routes.</summary>
internal sealed class TarantoolRouteSource(string name, RouteTable table) : IRouteSource
{
    private volatile Snapshot _snapshot = new([], []);

    public event Action? Changed;

    public string Name { get; } = name;

    public RouteTable Table { get; } = table;

    public IReadOnlyList<RouteRow> Rows => _snapshot.Rows;

    /// <summary>Replaces all rows, and tells it later (<see cref="Announce"/>).</summary>
    public void Set(IReadOnlyCollection<RegistryRecord> records, uint ownNode)
    {
        List<RouteRow> rows = new(records.Count);
        foreach (RegistryRecord record in records)
        {
            if (record.Problem is null && record.Node != ownNode)
                rows.Add(record.Row);
        }

        _snapshot = new Snapshot(rows, []);
    }

    /// <summary>Starts with rows that were good.</summary>
    public void Restore(IReadOnlyList<RouteRow> rows) => _snapshot = new Snapshot(rows, []);

    public void Announce() => Changed?.Invoke();

    private sealed record Snapshot(IReadOnlyList<RouteRow> Rows, IReadOnlyList<string> Problems);
}
