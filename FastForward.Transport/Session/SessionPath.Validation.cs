using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// The proof that a path belongs to an association whose other paths identify the peer better: a nonce is sent on this
/// path, and the peer returns it over a stronger one. Both sides ask for it, each for itself.
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

    /// <summary>The nonce has come back over a path of this peer.</summary>
    /// <returns>True when it was this path's.</returns>
    public bool TryProve(long now, SessionPath over, ulong nonce)
    {
        if (Phase != PathPhase.Validating || nonce != _nonce || over.Source.Strength <= Source.Strength)
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
        FrameWriter writer = new(frame);
        writer.WriteNonce(ElementType.PathChallenge, _nonce);
        return Complete(now, writer);
    }

    private void OnPeerAccepts(long now)
    {
        if (!AwaitsPeer)
            return;
        AwaitsPeer = false;
        Peer.OnSound(this, now);
    }
}
