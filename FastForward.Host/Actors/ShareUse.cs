namespace FastForward.Host.Actors;

/// <summary>What one sender has used in a window of <see cref="FairShare"/>.</summary>
internal sealed class ShareUse
{
    public long Window { get; set; } = -1;

    public int Accepted { get; set; }
}
