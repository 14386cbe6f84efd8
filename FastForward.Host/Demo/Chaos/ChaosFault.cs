namespace FastForward.Host.Demo.Chaos;

/// <summary>Something that is done to paths.</summary>
/// <param name="Kind">In words for a person.</param>
/// <param name="Begin">Does it.</param>
/// <param name="Heal">Undoes it; null where the nodes themselves do.</param>
/// <param name="Lasts">Until it is undone.</param>
/// <param name="Rests">Until the next fault: the preferred path returns in this time.</param>
internal sealed record ChaosFault(string Kind, Action Begin, Action? Heal, TimeSpan Lasts, TimeSpan Rests)
{
    /// <summary>All of it.</summary>
    public TimeSpan Duration => Lasts + Rests;
}
