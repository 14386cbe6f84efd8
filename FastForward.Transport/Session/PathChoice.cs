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

    /// <summary>
    /// Of several established paths between the same ends, the one that is kept; null when there is none. Both nodes
    /// agree on it as soon as they agree on which of them work: nothing that is known to one of them alone counts.
    /// </summary>
    public static SessionPath? Kept(IEnumerable<SessionPath> paths, PathWay way, Association association)
    {
        SessionPath? kept = null;
        foreach (SessionPath path in paths)
        {
            if (path.Way == way && path.IsEstablished && association.Owns(path) && (kept is null || IsKept(path, kept)))
                kept = path;
        }

        return kept;
    }

    /// <summary>Whether a path is better than another one to carry the same messages as the path in use.</summary>
    public static bool IsBetterSecond(SessionPath path, SessionPath other)
    {
        if (path.IsDoubtful != other.IsDoubtful)
            return other.IsDoubtful;
        // One over datagrams may be silent as well: that is not known before it is asked.
        return path.IsOrdered != other.IsOrdered ? path.IsOrdered : IsBetter(path, other, realTime: true);
    }

    private static bool IsBetter(SessionPath path, SessionPath other, bool realTime)
    {
        if (path.IsSound != other.IsSound)
            return path.IsSound;
        if (path.IsReturning != other.IsReturning)
            return other.IsReturning;
        // A medium in order ends when it loses something; what is sent on another one may be lost while it is silent.
        if (!realTime && IsSilent(path) != IsSilent(other))
            return IsSilent(other);
        if (realTime && path.IsNarrow != other.IsNarrow)
            return other.IsNarrow;
        if (path.AwaitsPeer != other.AwaitsPeer)
            return other.AwaitsPeer;
        if (path.Rank != other.Rank)
            return path.Rank < other.Rank;
        if (path.IsPreferredByPeer != other.IsPreferredByPeer)
            return path.IsPreferredByPeer;
        int quality = Quality(path) - Quality(other);
        if (quality != 0)
            return quality > 0;
        return IsKept(path, other);
    }

    // When both nodes connect at the same time, the path that the lower node id opened is kept.
    private static bool IsKept(SessionPath path, SessionPath other)
    {
        if (path.IsSound != other.IsSound)
            return path.IsSound;
        if (path.AwaitsPeer != other.AwaitsPeer)
            return other.AwaitsPeer;
        if (IsOpenedByLower(path) != IsOpenedByLower(other))
            return IsOpenedByLower(path);
        return path.Id > other.Id;
    }

    private static bool IsSilent(SessionPath path) => path is { IsSteady: false, IsOrdered: false };

    private static int Quality(SessionPath path) => (path.IsOrdered ? 2 : 0) + (path.Traits.HostLocal ? 1 : 0);

    private static bool IsOpenedByLower(SessionPath path) =>
        path.IsInitiator == (path.Peer.Options.Node < path.Peer.Node);
}
