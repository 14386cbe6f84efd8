namespace FastForward.Transport.Transports;

/// <summary>Chooses which pending connection to close when the limit of pending connections is reached.</summary>
internal static class LinkEviction
{
    /// <summary>
    /// The oldest connection of the machine (or, on UNIX sockets, the user) with the most pending connections, so that
    /// a source that connects repeatedly evicts only its own connections.
    /// </summary>
    /// <param name="oldestFirst">The pending connections.</param>
    /// <returns>Null when there is none.</returns>
    public static TLink? ChooseVictim<TLink>(IEnumerable<TLink> oldestFirst)
        where TLink : class, IForwardLink =>
        oldestFirst
            .GroupBy(static link =>
                link.Traits.Credentials is { } credentials ? credentials.ContextId ?? credentials.UserId : null
            )
            .MaxBy(static group => group.Count())
            ?.First();
}
