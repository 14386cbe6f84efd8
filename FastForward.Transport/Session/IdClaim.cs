namespace FastForward.Transport.Session;

/// <summary>
/// A second process that claims the node id of a connected peer, and the result of the challenge of the connected one.
/// </summary>
internal sealed class IdClaim
{
    private ulong _rejected;
    private long _rejectedUntil;
    private long _nextReport = long.MinValue;

    /// <summary>The incarnation of the second process.</summary>
    public ulong Claimant { get; private set; }

    /// <summary>The connected process is challenged because of this claim.</summary>
    public void Begin(long now, ulong incarnation)
    {
        if (!IsRejected(now, incarnation))
            Claimant = incarnation;
    }

    /// <summary>
    /// The connected process answered: the claim is rejected without a new challenge for this duration.
    /// </summary>
    public void Reject(long now, long duration)
    {
        _rejected = Claimant;
        _rejectedUntil = now + duration;
    }

    /// <summary>Whether a claim from another place is to be reported: at most once in this duration.</summary>
    public bool TryReport(long now, long duration)
    {
        if (now < _nextReport)
            return false;
        _nextReport = now + duration;
        return true;
    }

    public bool IsRejected(long now, ulong incarnation) => incarnation == _rejected && now < _rejectedUntil;
}
