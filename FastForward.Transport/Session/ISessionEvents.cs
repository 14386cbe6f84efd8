namespace FastForward.Transport.Session;

/// <summary>
/// Events of the session. <see cref="Message"/> must be processed inside the call, because the payload is not valid
/// afterwards; implementations may queue the others. The session's state is consistent during each call.
/// </summary>
internal interface ISessionEvents
{
    /// <summary>Delivers a message. The application may send and close from inside the call.</summary>
    void Message(in ReceivedMessage message);

    void StreamEnded(in StreamEnd end);

    /// <summary>
    /// A sender that waited for room may send again. The room stays reserved for it until
    /// <see cref="IRoomOwner.EndReservation"/>, which must be called once the application was notified.
    /// </summary>
    void Writable(uint node, ulong stream, IRoomOwner owner);

    void Undelivered(in Undelivered report);

    void PeerChanged(in PeerEvent change);

    /// <summary>A requested probe has ended.</summary>
    void PingEnded(in PingResult result, Action<PingResult> callback);
}
