namespace FastForward.Host.Actors;

/// <summary>
/// The message that carries a datagram from a bridge to an outlet: one byte, the hops that the datagram has left (the
/// TTL or hop limit that it arrived with at the bridge), and its payload. The outlet sends it on with fewer hops, so
/// that a datagram cannot circle for ever through an outlet whose target leads back to a bridge.
/// </summary>
internal static class CarriedDatagram
{
    /// <summary>Bytes before the payload.</summary>
    public const int HeadBytes = 1;

    /// <summary>
    /// What a passage through bridge and outlet takes from the hops. The usual 64 are enough for two passages and then
    /// any path through the Internet, and a loop ends after at most eight.
    /// </summary>
    public const byte HopsOfPassage = 8;

    /// <summary>Assumed where the kernel does not report with how many hops left a datagram arrived.</summary>
    public const byte UsualHops = 64;
}
