namespace FastForward.Host.Control;

/// <summary>A bridge or an outlet of a running node. Counters start at zero with it.</summary>
/// <param name="Name">The name of its section.</param>
/// <param name="Address">Where a bridge listens; the target of an outlet.</param>
/// <param name="Service">The service number.</param>
/// <param name="Clients">The clients that it has now.</param>
/// <param name="ToNode">Datagrams passed from UDP to a node.</param>
/// <param name="FromNode">Datagrams passed from a node to UDP.</param>
/// <param name="Dropped">Datagrams dropped, for whatever reason.</param>
internal sealed record ActorReport(
    string Name,
    string Address,
    int Service,
    int Clients,
    long ToNode,
    long FromNode,
    long Dropped
);
