namespace FastForward.Host.Control;

/// <summary>A transport of a running node.</summary>
/// <param name="Type">Its registry name.</param>
/// <param name="EndPoints">Where it listens.</param>
/// <param name="Reason">Why it does not run; null when it does.</param>
internal sealed record TransportLine(string Type, IReadOnlyList<string> EndPoints, string? Reason = null);
