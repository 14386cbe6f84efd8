namespace FastForward.Transport.Transports;

/// <summary>Whose connection gives way to a new one where all places are taken.</summary>
internal static class CrowdedLinks
{
    /// <summary>
    /// The oldest connection of the machine, or user, that holds most places: whoever connects again and again pushes
    /// itself out, and no slower neighbour.
    /// </summary>
    /// <param name="oldestFirst">The connections that hold places.</param>
    /// <returns>Null when there is none.</returns>
    public static TLink? Yielding<TLink>(IEnumerable<TLink> oldestFirst)
        where TLink : class, IForwardLink =>
        oldestFirst
            .GroupBy(static link => link.Traits.Credentials is { } far ? far.ContextId ?? far.UserId : null)
            .MaxBy(static group => group.Count())
            ?.First();
}
