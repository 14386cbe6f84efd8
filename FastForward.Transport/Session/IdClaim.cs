namespace FastForward.Transport.Session;

/// <summary>Another process claims the node id of a peer that has an association: who, and whether the holder answered.</summary>
internal sealed class IdClaim
{
    private ulong _refuted;
    private long _refutedUntil;

    /// <summary>The incarnation that claims the id.</summary>
    public ulong Claimant { get; private set; }

    /// <summary>The holder is challenged because of a claimant.</summary>
    public void Begin(long now, ulong incarnation)
    {
        if (!IsRefuted(now, incarnation))
            Claimant = incarnation;
    }

    /// <summary>The holder answered: the claimant is refused for a while without asking again.</summary>
    public void Refute(long now, long duration)
    {
        _refuted = Claimant;
        _refutedUntil = now + duration;
    }

    public bool IsRefuted(long now, ulong incarnation) => incarnation == _refuted && now < _refutedUntil;
}
