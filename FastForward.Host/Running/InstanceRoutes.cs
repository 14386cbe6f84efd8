using FastForward.Host.Instances;
using FastForward.Transport.Registry;

namespace FastForward.Host.Running;

/// <summary>The rows of an instance file as the library's resolver takes them; they can be replaced.</summary>
internal sealed class InstanceRoutes
{
    private readonly Section _overridden;
    private readonly Section _nodes;

    public InstanceRoutes(InstanceSettings settings)
    {
        _overridden = new Section(RouteTable.OverriddenNodes, $"{settings.File} [OverriddenNodes]");
        _nodes = new Section(RouteTable.Nodes, $"{settings.File} [Nodes]");
        Set(settings);
    }

    public IReadOnlyList<IRouteSource> Sources => [_overridden, _nodes];

    /// <summary>
    /// Replaces the rows; the node applies what differs. A row may move from one section to the other, so both are
    /// replaced before either is announced. Any thread may call it, one at a time.
    /// </summary>
    public void Replace(InstanceSettings settings)
    {
        Set(settings);
        _overridden.Announce();
        _nodes.Announce();
    }

    private void Set(InstanceSettings settings)
    {
        _overridden.Rows = settings.OverriddenNodes;
        _nodes.Rows = settings.Nodes;
    }

    private sealed class Section(RouteTable table, string name) : IRouteSource
    {
        private volatile IReadOnlyCollection<RouteRow> _rows = [];

        public string Name { get; } = name;

        public RouteTable Table { get; } = table;

        public IReadOnlyCollection<RouteRow> Rows
        {
            get => _rows;
            set => _rows = value;
        }

        public event Action? Changed;

        public void Announce() => Changed?.Invoke();
    }
}
