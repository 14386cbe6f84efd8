namespace FastForward.Host.Control;

/// <summary>The health of a running node.</summary>
/// <param name="Status"><c>healthy</c>, <c>degraded</c> or <c>unhealthy</c>.</param>
/// <param name="Problems">Every finding, for operators.</param>
/// <param name="AbsentPeers">The configured nodes without a sound connection.</param>
internal sealed record HealthReport(string Status, IReadOnlyList<string> Problems, IReadOnlyList<uint> AbsentPeers);
