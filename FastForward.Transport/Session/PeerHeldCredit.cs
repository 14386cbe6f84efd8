namespace FastForward.Transport.Session;

/// <summary>
/// Credit that the application holds of one peer, over all of its associations: messages of former ones that are still
/// held use memory, too.
/// </summary>
internal sealed class PeerHeldCredit
{
    public long Bytes { get; set; }
}
