namespace FastForward.Transport.Session;

/// <summary>What one peer exchanged with this node since its route is known, over all its associations and paths.</summary>
internal sealed class PeerCounters
{
    public long MessagesSent;
    public long OctetsSent;
    public long MessagesReceived;
    public long OctetsReceived;
    public long Undelivered;
    public long Skipped;
    public long Dropped;
}
