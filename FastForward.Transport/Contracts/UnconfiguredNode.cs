namespace FastForward.Transport;

/// <summary>A node that was heard although no route leads to it. It was not answered.</summary>
/// <param name="Node">The id that it claims; anybody can claim one.</param>
/// <param name="Transport">The medium over which it came last.</param>
/// <param name="Handshakes">How many handshakes it tried.</param>
/// <param name="LastHeard">How long ago the last one was.</param>
public sealed record UnconfiguredNode(uint Node, TransportKind Transport, long Handshakes, TimeSpan LastHeard);
