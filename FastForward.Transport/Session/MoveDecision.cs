namespace FastForward.Transport.Session;

/// <summary>What to do with a frame of a path that came from another place.</summary>
internal enum MoveDecision
{
    /// <summary>Nothing: it proves nothing, or the place may not be the peer's.</summary>
    Drop,

    /// <summary>Send a challenge to the place, without a link to it.</summary>
    Challenge,

    /// <summary>The peer is there: the link goes there, and then <see cref="SessionPath.Follow"/> is called.</summary>
    Follow,
}
