using System.Collections.Immutable;
using System.Net;
using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// The last good row of each node in each space: what a cache keeps. A bad row does not replace it; only when the
/// registry has no row for the node any more does it go. Not thread-safe.
/// </summary>
internal sealed class GoodRows(TarantoolRegistryOptions options)
{
    private readonly Dictionary<(RouteTable Table, uint Node), RouteRow> _rows = [];

    /// <summary>The number of rows.</summary>
    public int Count => _rows.Count;

    /// <summary>Takes the rows of a registry.</summary>
    /// <param name="before">What it had; null for nothing.</param>
    /// <param name="now">What it has.</param>
    /// <returns>How many nodes have another row, a first one or none any more.</returns>
    public int Replace(RegistryContent? before, RegistryContent now) =>
        options.Tables.Sum(table => Replace(table, (before ?? RegistryContent.Empty)[table], now[table]));

    private int Replace(
        RouteTable table,
        ImmutableDictionary<TarantoolValue, RegistryRecord> before,
        ImmutableDictionary<TarantoolValue, RegistryRecord> now
    )
    {
        int changed = 0;
        foreach ((TarantoolValue key, RegistryRecord record) in before)
        {
            if (!now.ContainsKey(key) && record.Node is { } node && _rows.Remove((table, node)))
                changed++;
        }

        foreach ((TarantoolValue key, RegistryRecord record) in now)
        {
            if (before.TryGetValue(key, out RegistryRecord? former) && ReferenceEquals(former, record))
                continue;
            if (record.Node is not { } node || node == options.OwnNode || !IsGood(record))
                continue;
            if (_rows.TryGetValue((table, node), out RouteRow row) && row == record.Row)
                continue;
            _rows[(table, node)] = record.Row;
            changed++;
        }

        return changed;
    }

    /// <summary>Starts with the rows of a cache.</summary>
    /// <returns>The rows as a registry would have them.</returns>
    public RegistryContent Restore(RegistryCache.Content cache)
    {
        RegistryContent content = RegistryContent.Read(
            TarantoolTuple.Create([.. cache.Overridden.Select(row => (TarantoolValue)ToTuple(row, isOverride: true))]),
            TarantoolTuple.Create([.. cache.Nodes.Select(row => (TarantoolValue)ToTuple(row, isOverride: false))]),
            TransportTypeMap.Default
        );
        Replace(null, content);
        return content;
    }

    /// <summary>The rows as a cache keeps them.</summary>
    public RegistryCache.Content ToCache(RegistryVersion? version) =>
        new(version, Of(RouteTable.OverriddenNodes), Of(RouteTable.Nodes));

    private static TarantoolTuple ToTuple(in RouteRow row, bool isOverride) =>
        isOverride
            ? [row.Node, row.KeyId, (int)row.Transport, row.Address, row.Port]
            : [row.Node, row.KeyId, row.Address, row.Port];

    // The directory counts for the length of a socket's path only.
    private static bool IsGood(RegistryRecord record) =>
        record.Problem is null && RouteAddress.TryParse(record.Row, "/tmp", out EndPoint? _, out string? _);

    private List<RouteRow> Of(RouteTable table) =>
        [
            .. _rows
                .Where(row => row.Key.Table == table)
                .OrderBy(static row => row.Key.Node)
                .Select(static row => row.Value),
        ];
}
