using System.Collections.Immutable;
using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>
/// What the two spaces of a registry have, by their keys. Immutable; a copy with changes shares what is the same, so
/// that one changed row of thousands leaves no garbage that would stop the loop.
/// </summary>
internal sealed class RegistryContent
{
    private readonly ImmutableDictionary<TarantoolValue, RegistryRecord> _overridden;
    private readonly ImmutableDictionary<TarantoolValue, RegistryRecord> _nodes;

    private RegistryContent(
        ImmutableDictionary<TarantoolValue, RegistryRecord> overridden,
        ImmutableDictionary<TarantoolValue, RegistryRecord> nodes
    )
    {
        _overridden = overridden;
        _nodes = nodes;
    }

    /// <summary>Nothing.</summary>
    public static RegistryContent Empty { get; } =
        new(
            ImmutableDictionary<TarantoolValue, RegistryRecord>.Empty,
            ImmutableDictionary<TarantoolValue, RegistryRecord>.Empty
        );

    /// <summary>The rows of a space.</summary>
    public ImmutableDictionary<TarantoolValue, RegistryRecord> this[RouteTable table] =>
        table == RouteTable.OverriddenNodes ? _overridden : _nodes;

    /// <summary>Whether both spaces are empty.</summary>
    public bool IsEmpty => _overridden.Count + _nodes.Count == 0;

    /// <summary>All rows of both spaces.</summary>
    public static RegistryContent Read(TarantoolTuple overridden, TarantoolTuple nodes, TransportTypeMap types) =>
        Empty.With(overridden, nodes, [], [], types);

    /// <summary>A copy with changes.</summary>
    /// <param name="overridden">New and changed tuples of <c>OverriddenNodes</c>.</param>
    /// <param name="nodes">New and changed tuples of <c>Nodes</c>.</param>
    /// <param name="removedOverridden">Keys that are gone from <c>OverriddenNodes</c>.</param>
    /// <param name="removedNodes">Keys that are gone from <c>Nodes</c>.</param>
    /// <param name="types">The numbers of transport types.</param>
    public RegistryContent With(
        TarantoolTuple overridden,
        TarantoolTuple nodes,
        IEnumerable<TarantoolValue> removedOverridden,
        IEnumerable<TarantoolValue> removedNodes,
        TransportTypeMap types
    ) =>
        new(
            Change(_overridden, RouteTable.OverriddenNodes, overridden, removedOverridden, types),
            Change(_nodes, RouteTable.Nodes, nodes, removedNodes, types)
        );

    /// <summary>Whether another content has the same tuples.</summary>
    public bool HasSame(RegistryContent other) =>
        ReferenceEquals(this, other) || (HasSame(_overridden, other._overridden) && HasSame(_nodes, other._nodes));

    private static ImmutableDictionary<TarantoolValue, RegistryRecord> Change(
        ImmutableDictionary<TarantoolValue, RegistryRecord> before,
        RouteTable table,
        TarantoolTuple tuples,
        IEnumerable<TarantoolValue> removed,
        TransportTypeMap types
    )
    {
        ImmutableDictionary<TarantoolValue, RegistryRecord>.Builder after = before.ToBuilder();
        foreach (TarantoolValue key in removed)
            after.Remove(key);
        foreach (TarantoolValue value in tuples)
        {
            TarantoolTuple tuple = value.AsArray();
            after[tuple.Count > 0 ? tuple[0] : TarantoolValue.Nil] = RegistryRecord.Read(tuple, table, types);
        }

        return after.ToImmutable();
    }

    private static bool HasSame(
        ImmutableDictionary<TarantoolValue, RegistryRecord> one,
        ImmutableDictionary<TarantoolValue, RegistryRecord> other
    )
    {
        if (ReferenceEquals(one, other))
            return true;
        if (one.Count != other.Count)
            return false;
        foreach ((TarantoolValue key, RegistryRecord record) in one)
        {
            if (
                !other.TryGetValue(key, out RegistryRecord? match)
                || !(ReferenceEquals(record, match) || record.Tuple.Equals(match.Tuple))
            )
                return false;
        }

        return true;
    }
}
