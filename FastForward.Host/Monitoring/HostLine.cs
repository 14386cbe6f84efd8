namespace FastForward.Host.Monitoring;

/// <summary>One line of <c>list --json</c>.</summary>
/// <param name="Socket">The control socket.</param>
/// <param name="Node">The node id; it and the others below are null where the host does not report.</param>
/// <param name="ProcessId">The process.</param>
/// <param name="File">The instance file.</param>
/// <param name="UptimeSeconds">How long it has run.</param>
/// <param name="Peers">The peers that routes lead to.</param>
/// <param name="ConnectedPeers">Of them, those that are connected.</param>
/// <param name="Reason">Why the host does not report; null when it does.</param>
internal sealed record HostLine(
    string Socket,
    uint? Node,
    int? ProcessId,
    string? File,
    double? UptimeSeconds,
    int? Peers,
    int? ConnectedPeers,
    string? Reason
);
