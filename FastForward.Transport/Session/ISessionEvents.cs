namespace FastForward.Transport.Session;

/// <summary>
/// What the session reports to the application. A message is handed on at once; implementations may queue everything else,
/// and are called when the state of the session is consistent.
/// </summary>
internal interface ISessionEvents
{
    /// <summary>Hands a message to the application, which may send and close from inside the call.</summary>
    void Message(in ReceivedMessage message);

    void StreamEnded(in StreamEnd end);

    void Writable(uint node, ulong stream);

    void Undelivered(in Undelivered report);

    void PeerChanged(in PeerEvent change);

    /// <summary>A requested probe has ended.</summary>
    void PingEnded(in PingResult result, Action<PingResult> callback);
}
