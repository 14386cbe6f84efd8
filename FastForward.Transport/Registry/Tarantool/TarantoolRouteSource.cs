namespace FastForward.Transport.Registry.Tarantool;

/// <summary>One space of a registry as a source of routes.</summary>
internal sealed class TarantoolRouteSource(string name, RouteTable table) : IRouteSource
{
    private volatile Snapshot _snapshot = new([], []);

    public event Action? Changed;

    public string Name { get; } = name;

    public RouteTable Table { get; } = table;

    public IReadOnlyList<RouteRow> Rows => _snapshot.Rows;

    public IReadOnlyList<UnreadableRow> Unreadable => _snapshot.Unreadable;

    /// <summary>Replaces all rows, and tells it later (<see cref="Announce"/>).</summary>
    public void Set(IReadOnlyCollection<RegistryRecord> records, uint ownNode)
    {
        List<RouteRow> rows = new(records.Count);
        List<UnreadableRow> unreadable = [];
        foreach (RegistryRecord record in records)
        {
            if (record.Node is { } node && node == ownNode)
                continue;
            if (record.Problem is null)
                rows.Add(record.Row);
            else
                unreadable.Add(new UnreadableRow(record.Node, record.Describe(), record.Problem));
        }

        _snapshot = new Snapshot(rows, unreadable);
    }

    public void Announce() => Changed?.Invoke();

    private sealed record Snapshot(IReadOnlyList<RouteRow> Rows, IReadOnlyList<UnreadableRow> Unreadable);
}
