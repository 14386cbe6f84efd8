namespace FastForward.Host.Control;

/// <summary>The last probe is over.</summary>
/// <param name="Asked">How many times the node was asked.</param>
internal sealed record PingEnd(long Asked);
