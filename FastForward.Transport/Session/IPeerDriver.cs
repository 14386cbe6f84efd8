namespace FastForward.Transport.Session;

/// <summary>The owner of one peer: writes its output, runs its timeouts and closes its links.</summary>
internal interface IPeerDriver
{
    /// <summary>The peer has output, or its next timeout has changed.</summary>
    void OnPending();

    /// <summary>
    /// The path has ended. Its link must be closed, but not before a frame that is being written is complete.
    /// </summary>
    void OnPathFinished(SessionPath path);

    /// <summary>The ends of a path whose handshake is complete.</summary>
    PathWay WayOf(SessionPath path);

    /// <summary>
    /// See <see cref="PathRank"/>. Asked when the path is established, and after <see cref="Peer.OnRoutesChanged"/>.
    /// </summary>
    int RankOf(SessionPath path);

    /// <summary>An event of the peer. Called for every event, before any rate limit.</summary>
    void OnChanged(in PeerEvent change);
}
