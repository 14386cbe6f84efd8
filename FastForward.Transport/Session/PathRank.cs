namespace FastForward.Transport.Session;

/// <summary>
/// The place of a path among the routes to its peer: the lower, the better; 0 for the first route. The driver of the
/// peer decides it.
/// </summary>
internal static class PathRank
{
    /// <summary>No route leads over it: the peer has opened it.</summary>
    public const int Unrouted = 1_000;

    /// <summary>The route that it was opened for has changed. It serves until another path does.</summary>
    public const int Former = 10_000;
}
