namespace FastForward.Transport.Session;

/// <summary>
/// What the session layer tells the node. Messages are handed on at once; everything else may be collected, and is
/// called at moments when the session's state is consistent.
/// </summary>
internal interface ISessionEvents
{
    /// <summary>Hands a message to the application. It may send and close from inside.</summary>
    void Message(in ReceivedMessage message);

    void StreamEnded(in StreamEnd end);

    void Writable(uint node, ulong stream);

    void Undelivered(in Undelivered report);

    void PeerChanged(in PeerEvent change);

    /// <summary>A probe that somebody asked for is over.</summary>
    void PingEnded(in PingResult result, Action<PingResult> callback);

    /// <summary>The path is over; its link is to be closed after what it still wants to write.</summary>
    void PathFinished(SessionPath path);

    /// <summary>The peer has something to write, or its next time-out moved.</summary>
    void Pending(Peer peer);
}
