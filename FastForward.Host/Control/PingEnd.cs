namespace FastForward.Host.Control;

/// <summary>The last probe is complete.</summary>
/// <param name="Asked">How many times the node was asked.</param>
internal sealed record PingEnd(long Asked);
