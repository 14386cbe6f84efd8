namespace FastForward.Transport.Registry;

/// <summary>What is wrong with what a source says of a node; few nodes have it.</summary>
internal sealed class RouteTrouble
{
    /// <summary>Rows that are skipped.</summary>
    public List<RouteProblem> Skipped { get; } = [];

    /// <summary>Why a row that can be read is not in use; null when it is.</summary>
    public RouteProblem? Exposure { get; set; }
}
