namespace FastForward.Transport.Session;

/// <summary>Creates the driver of each peer together with the peer.</summary>
internal interface IPeerDriverFactory
{
    /// <summary>Called from the constructor of the peer: only its id and its options may be read.</summary>
    IPeerDriver Create(Peer peer);
}
