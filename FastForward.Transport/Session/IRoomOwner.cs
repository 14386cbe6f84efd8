namespace FastForward.Transport.Session;

/// <summary>What reserves room for a sender that was notified.</summary>
internal interface IRoomOwner
{
    /// <summary>The application was notified: what it has not used of the room is free for others.</summary>
    void EndReservation(ulong stream);
}
