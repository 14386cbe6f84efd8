namespace FastForward.Host.Control;

/// <summary>Probes begin to leave.</summary>
/// <param name="Node">The node that is asked.</param>
/// <param name="From">The node that asks.</param>
internal sealed record PingBegin(uint Node, uint From);
