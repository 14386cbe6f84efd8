namespace FastForward.Transport;

/// <summary>A node that was heard but has no route. It was not answered.</summary>
/// <param name="Node">The id that it claims, which is not verified.</param>
/// <param name="Transport">The medium over which it came last.</param>
/// <param name="Handshakes">The number of its handshakes.</param>
/// <param name="LastHeard">Time since the last one.</param>
public sealed record UnconfiguredNode(uint Node, TransportKind Transport, long Handshakes, TimeSpan LastHeard);
