namespace FastForward.Transport.Registry;

/// <summary>A row that was skipped. The node keeps its previous good row, if it had one.</summary>
/// <param name="Source">The source's name.</param>
/// <param name="Row">The row as written.</param>
/// <param name="Reason">The field, what is wrong with it, and a right example.</param>
public sealed record RouteProblem(string Source, string Row, string Reason);
