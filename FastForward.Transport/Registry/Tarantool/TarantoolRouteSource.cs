using System.Collections;
using System.Collections.Immutable;
using Tarantool.Client;

namespace FastForward.Transport.Registry.Tarantool;

/// <summary>One space of a registry as a source of routes.</summary>
/// <param name="name">For messages.</param>
/// <param name="table">The space.</param>
/// <param name="ownNode">The node whose rows are for others; 0 for none.</param>
internal sealed class TarantoolRouteSource(string name, RouteTable table, uint ownNode) : IRouteSource
{
    private volatile View _view = new(ImmutableDictionary<TarantoolValue, RegistryRecord>.Empty, ownNode);

    public event Action? Changed;

    public string Name { get; } = name;

    public RouteTable Table { get; } = table;

    public IReadOnlyCollection<RouteRow> Rows => _view;

    public IReadOnlyList<UnreadableRow> Unreadable => _view.Unreadable;

    /// <summary>Replaces all rows, and tells it later (<see cref="Announce"/>).</summary>
    public void Set(ImmutableDictionary<TarantoolValue, RegistryRecord> records) => _view = new View(records, ownNode);

    public void Announce() => Changed?.Invoke();

    /// <summary>The rows among the records, without a copy of them.</summary>
    private sealed class View : IReadOnlyCollection<RouteRow>
    {
        private readonly ImmutableDictionary<TarantoolValue, RegistryRecord> _records;
        private readonly uint _ownNode;

        public View(ImmutableDictionary<TarantoolValue, RegistryRecord> records, uint ownNode)
        {
            _records = records;
            _ownNode = ownNode;
            List<UnreadableRow> unreadable = [];
            foreach ((_, RegistryRecord record) in records)
            {
                if (IsOfOthers(record) && record.Problem is null)
                    Count++;
                else if (IsOfOthers(record))
                    unreadable.Add(new UnreadableRow(record.Node, record.Describe(), record.Problem!));
            }

            Unreadable = unreadable;
        }

        public IReadOnlyList<UnreadableRow> Unreadable { get; }

        public int Count { get; }

        public IEnumerator<RouteRow> GetEnumerator()
        {
            foreach ((_, RegistryRecord record) in _records)
            {
                if (IsOfOthers(record) && record.Problem is null)
                    yield return record.Row;
            }
        }

        IEnumerator IEnumerable.GetEnumerator() => GetEnumerator();

        private bool IsOfOthers(RegistryRecord record) => record.Node is not { } node || node != _ownNode;
    }
}
