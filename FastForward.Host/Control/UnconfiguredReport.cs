namespace FastForward.Host.Control;

/// <summary>A node that was heard although no route leads to it.</summary>
/// <param name="Node">The id that it claims.</param>
/// <param name="Transport">The registry name of the transport it came over.</param>
/// <param name="Handshakes">How often it tried.</param>
/// <param name="HeardSecondsAgo">How long ago it did last.</param>
internal sealed record UnconfiguredReport(uint Node, string Transport, long Handshakes, double HeardSecondsAgo);
