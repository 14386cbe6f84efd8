namespace FastForward.Transport.Session;

/// <content>
/// The proof that a path belongs to an association whose other paths identify the peer better, or as another place: a
/// nonce is sent on this path, and the peer returns it over its strongest one. Both sides ask for it, each for itself.
/// </content>
internal sealed partial class SessionPath
{
    private ulong _nonce;
    private long _challengedAt;
    private long _challengeDue;
    private long _challengeInterval;

    /// <summary>The nonce that the peer sent on this path, to be returned over a stronger one; null for none.</summary>
    public ulong? PendingEcho { get; private set; }

    /// <summary>
    /// This side takes frames from the path, but the peer may still drop those of this side. Ends with the first probe
    /// or reply of the peer: it sends them after its own proof only.
    /// </summary>
    public bool AwaitsPeer { get; private set; }

    /// <summary>A nonce has come back over a path that may prove others.</summary>
    /// <param name="now">The time.</param>
    /// <param name="nonce">The nonce.</param>
    /// <param name="peerIndex">The peer's receiver index of the path on which it got the nonce.</param>
    /// <param name="ownIndex">This node's receiver index of that path, as the peer knows it.</param>
    /// <returns>
    /// True when this path is proven. The indexes show that the nonce took this very path from end to end: a third node
    /// that passes it on has a path of its own with each side, and cannot choose the indexes of both before it knows
    /// them.
    /// </returns>
    public bool TryProve(long now, ulong nonce, uint peerIndex, uint ownIndex)
    {
        if (Phase != PathPhase.Validating || nonce != _nonce || peerIndex != RemoteIndex || ownIndex != LocalIndex)
            return false;
        AwaitsPeer = true;
        Establish(now);
        return true;
    }

    /// <summary>Returns the pending nonce; there must be one.</summary>
    public ulong TakeEcho()
    {
        ulong nonce = PendingEcho!.Value;
        PendingEcho = null;
        return nonce;
    }

    private void Validate(long now)
    {
        Phase = PathPhase.Validating;
        _nonce = Peer.Random.Nonce();
        _challengedAt = now;
        _challengeDue = now;
        _challengeInterval = _options.InitRetry;
        Peer.Driver.OnPending();
    }

    private int WriteChallenge(long now, Span<byte> frame)
    {
        _challengeDue = now + _challengeInterval + Peer.Random.Jitter(_challengeInterval / 4);
        _challengeInterval = Math.Min(_challengeInterval * 2, _options.InitRetryLimit);
        FrameBuilder builder = Begin(frame);
        builder.Writer.WritePathChallenge(_nonce);
        return Complete(now, builder);
    }

    private void OnPeerAccepts(long now)
    {
        if (!AwaitsPeer)
            return;
        AwaitsPeer = false;
        Peer.OnSound(this, now);
    }
}
