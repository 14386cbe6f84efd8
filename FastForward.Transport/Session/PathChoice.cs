namespace FastForward.Transport.Session;

/// <summary>Selects the best path to a peer.</summary>
internal static class PathChoice
{
    /// <summary>The best established path of an association; null when there is none.</summary>
    /// <param name="paths">The candidates.</param>
    /// <param name="association">The association they must belong to.</param>
    /// <param name="realTime">
    /// It is to carry real-time messages: one that carries only short ones is chosen where no other is sound.
    /// </param>
    public static SessionPath? Best(IEnumerable<SessionPath> paths, Association association, bool realTime = false)
    {
        SessionPath? best = null;
        foreach (SessionPath path in paths)
        {
            if (!path.IsEstablished || !association.Owns(path))
                continue;
            if (best is null || IsBetter(path, best, realTime))
                best = path;
        }

        return best;
    }

    private static bool IsBetter(SessionPath path, SessionPath other, bool realTime)
    {
        if (path.IsSound != other.IsSound)
            return path.IsSound;
        if (realTime && path.IsNarrow != other.IsNarrow)
            return other.IsNarrow;
        if (path.AwaitsPeer != other.AwaitsPeer)
            return other.AwaitsPeer;
        if (path.Rank != other.Rank)
            return path.Rank < other.Rank;
        int quality = Quality(path) - Quality(other);
        if (quality != 0)
            return quality > 0;
        // When both nodes connect at the same time, the path that the lower node id opened is kept: both nodes agree on
        // it.
        if (IsOpenedByLower(path) != IsOpenedByLower(other))
            return IsOpenedByLower(path);
        return path.EstablishedOrder > other.EstablishedOrder;
    }

    private static int Quality(SessionPath path) => (path.IsOrdered ? 2 : 0) + (path.Traits.HostLocal ? 1 : 0);

    private static bool IsOpenedByLower(SessionPath path) =>
        path.IsInitiator == (path.Peer.Options.Node < path.Peer.Node);
}
