using FastForward.Host.Instances;
using FastForward.Transport.Registry;

namespace FastForward.Host.Running;

/// <summary>The rows of an instance file as the library's resolver takes them; they can be replaced.</summary>
internal sealed class InstanceRoutes(InstanceSettings settings)
{
    private readonly StaticRouteSource _overridden = new(
        settings.OverriddenNodes,
        RouteTable.OverriddenNodes,
        $"{settings.File} [OverriddenNodes]"
    );

    private readonly StaticRouteSource _nodes = new(settings.Nodes, RouteTable.Nodes, $"{settings.File} [Nodes]");

    public IReadOnlyList<IRouteSource> Sources => [_overridden, _nodes];

    /// <summary>Replaces the rows; the node applies what differs. Thread-safe.</summary>
    public void Replace(InstanceSettings settings)
    {
        _overridden.Replace(settings.OverriddenNodes);
        _nodes.Replace(settings.Nodes);
    }
}
