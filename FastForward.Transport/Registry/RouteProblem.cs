namespace FastForward.Transport.Registry;

/// <summary>A row that was skipped. The node keeps its previous good row, if it had one. Compared by value.</summary>
public sealed record RouteProblem
{
    internal RouteProblem(string source, string row, string reason)
    {
        Source = source;
        Row = row;
        Reason = reason;
    }

    /// <summary>The source's name.</summary>
    public string Source { get; }

    /// <summary>The row as written.</summary>
    public string Row { get; }

    /// <summary>The field, what is wrong with it, and a valid example.</summary>
    public string Reason { get; }
}
