namespace FastForward.Transport.Registry;

/// <summary>
/// The table a route comes from, in falling precedence: a row of an earlier table hides the later ones.
/// </summary>
public enum RouteTable
{
    /// <summary>
    /// The space <c>OverriddenNodes</c> of the local registry: what the operator decided for this machine.
    /// </summary>
    OverriddenNodes,

    /// <summary>The space <c>Nodes</c> of the global registry.</summary>
    Nodes,

    /// <summary>The process's own configuration.</summary>
    Configuration,
}
