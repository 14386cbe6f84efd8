namespace FastForward.Transport.Session;

/// <summary>Creates the driver of each peer together with the peer.</summary>
internal interface IPeerDriverFactory
{
    /// <summary>Called from the constructor of the peer: must read nothing but its id and options.</summary>
    IPeerDriver Create(Peer peer);
}
