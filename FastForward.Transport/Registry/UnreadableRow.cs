namespace FastForward.Transport.Registry;

/// <summary>
/// A record of a source that has no form of a <see cref="RouteRow"/>: a field is missing, or is of another type.
/// </summary>
/// <param name="Node">The node it is about, which keeps its last good row of the source; null when that is not
/// known.</param>
/// <param name="Row">The record as written.</param>
/// <param name="Reason">The field, what is wrong with it, and a valid example.</param>
public sealed record UnreadableRow(uint? Node, string Row, string Reason);
