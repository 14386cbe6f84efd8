namespace FastForward.Transport.Session;

/// <summary>
/// What two processes know of their conversation, above all paths: streams, numbering, credit. It begins unbound, so that
/// messages can wait in it, and is bound to one life of the peer by the first handshake that completes.
/// </summary>
internal sealed class Association
{
    public Association(
        uint peer,
        SessionOptions options,
        ISessionEvents events,
        PeerStatistics statistics,
        MessagePool pool,
        KeptCredit kept
    )
    {
        Sender = new Sender(peer, options, events, statistics, pool);
        Receiver = new Receiver(peer, options, events, statistics, pool, kept);
    }

    public Sender Sender { get; }

    public Receiver Receiver { get; }

    /// <summary>A handshake bound it.</summary>
    public bool IsUp { get; private set; }

    /// <summary>Which association of the two processes it is (docs/protocol.md, "Epochs"); 0 while unbound.</summary>
    public uint Epoch { get; private set; }

    /// <summary>The peer's life; 0 while unbound.</summary>
    public ulong PeerIncarnation { get; private set; }

    public void Bind(uint epoch, ulong peerIncarnation)
    {
        IsUp = true;
        Epoch = epoch;
        PeerIncarnation = peerIncarnation;
    }

    /// <summary>The path belongs to this association.</summary>
    public bool Owns(SessionPath path) => IsUp && path.Epoch == Epoch && path.PeerIncarnation == PeerIncarnation;
}
