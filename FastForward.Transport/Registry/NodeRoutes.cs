using System.Net;

namespace FastForward.Transport.Registry;

/// <summary>All good routes to one node. Immutable.</summary>
internal sealed class NodeRoutes
{
    internal NodeRoutes(uint node, Route[] routes)
    {
        Node = node;
        All = routes;
        KeyId = EffectiveKey(routes);
    }

    /// <summary>The node.</summary>
    public uint Node { get; }

    /// <summary>
    /// The key that the association with the node demands, whatever its path: the first key id that is not 0 in order
    /// of precedence. A route with key id 0 therefore never takes a key away that another one asks for. 0 when none
    /// asks.
    /// </summary>
    public uint KeyId { get; }

    /// <summary>
    /// The route to use: that of <see cref="RouteTable.OverriddenNodes"/> if there is one, else of
    /// <see cref="RouteTable.Nodes"/>, else of <see cref="RouteTable.Configuration"/>.
    /// </summary>
    public Route Preferred => All[0];

    /// <summary>All routes in falling precedence; at least one.</summary>
    public IReadOnlyList<Route> All { get; }

    /// <summary>The end points of <see cref="All"/>. Created at the first use, which most nodes never see.</summary>
    public IReadOnlyList<EndPoint> EndPoints => field ??= [.. All.Select(static route => route.EndPoint)];

    internal static uint EffectiveKey(ReadOnlySpan<Route> routes)
    {
        foreach (Route route in routes)
        {
            if (route.Row.KeyId != 0)
                return route.Row.KeyId;
        }

        return 0;
    }

    internal bool HasSame(ReadOnlySpan<Route> routes)
    {
        if (routes.Length != All.Count)
            return false;
        for (int i = 0; i < routes.Length; i++)
        {
            if (!routes[i].Equals(All[i]))
                return false;
        }

        return true;
    }
}
