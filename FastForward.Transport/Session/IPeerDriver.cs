namespace FastForward.Transport.Session;

/// <summary>The owner of one peer: it pulls the peer's output, keeps its time-outs and closes its links.</summary>
internal interface IPeerDriver
{
    /// <summary>The peer has output, or its next time-out moved.</summary>
    void OnPending();

    /// <summary>The path has ended. Its link must be closed, after the frame that is being written.</summary>
    void OnPathFinished(SessionPath path);

    /// <summary>The state of the peer changed. Called for every event, before any limit on their number.</summary>
    void OnChanged(in PeerEvent change);
}
