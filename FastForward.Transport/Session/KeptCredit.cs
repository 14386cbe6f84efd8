namespace FastForward.Transport.Session;

/// <summary>
/// Credit that the application holds of one peer, over all of the peer's lives: what it keeps of a former one takes memory
/// just the same.
/// </summary>
internal sealed class KeptCredit
{
    public long Bytes { get; set; }
}
