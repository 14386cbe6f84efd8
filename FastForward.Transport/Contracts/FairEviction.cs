namespace FastForward.Transport;

/// <summary>Chooses what to evict when the limit of pending things is reached.</summary>
internal static class FairEviction
{
    /// <summary>
    /// The oldest of the origin that has most of them, so that an origin that begins repeatedly evicts only its own.
    /// </summary>
    /// <param name="oldestFirst">What is pending.</param>
    /// <param name="originOf">Where it comes from; null, when that is not known, counts as one origin.</param>
    /// <returns>Null when nothing is pending.</returns>
    public static T? ChooseVictim<T, TOrigin>(IEnumerable<T> oldestFirst, Func<T, TOrigin> originOf)
        where T : class => oldestFirst.GroupBy(originOf).MaxBy(static group => group.Count())?.First();
}
