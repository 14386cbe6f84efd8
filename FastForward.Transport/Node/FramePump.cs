using FastForward.Transport.Loop;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Pulls frames out of the paths of peers that have something to say, straight into claimed memory of their links, and
/// closes the links of paths that are over.
/// </summary>
internal sealed class FramePump(ForwardLoop loop)
{
    private readonly Queue<PeerConnector> _dirty = new();
    private readonly List<IForwardLink> _endedLinks = [];

    /// <summary>Something waits for the next round.</summary>
    public bool HasWork => _dirty.Count > 0;

    /// <summary>The peer has output, or its next time-out moved.</summary>
    public void Mark(Peer peer)
    {
        if (peer.Owner is not PeerConnector { IsDirty: false } connector)
            return;
        connector.IsDirty = true;
        _dirty.Enqueue(connector);
    }

    /// <summary>Stages what all marked peers have to send.</summary>
    public void Pump()
    {
        // What this round itself marks has its turn in the next cycle.
        for (int count = _dirty.Count; count > 0; count--)
        {
            PeerConnector connector = _dirty.Dequeue();
            connector.IsDirty = false;
            Pump(connector.Peer);
            connector.Reschedule();
        }
    }

    /// <summary>Stages what one peer has to send.</summary>
    public void Pump(Peer peer)
    {
        // A path that ends while it writes leaves the list.
        IReadOnlyList<SessionPath> paths = peer.Paths;
        for (int i = paths.Count - 1; i >= 0; i--)
        {
            if (i < paths.Count)
                Pump(paths[i]);
        }
    }

    /// <summary>The path is over. Its link is not closed on the spot: the last frame may still be in an open claim.</summary>
    public void End(SessionPath path)
    {
        if (path.Link is IForwardLink link)
            _endedLinks.Add(link);
        (path.Peer.Owner as PeerConnector)?.OnPathFinished(path);
    }

    /// <summary>Closes the links of ended paths; what is staged on them still leaves.</summary>
    public void CloseEndedLinks()
    {
        foreach (IForwardLink link in _endedLinks)
        {
            link.Owner = null;
            link.Close();
        }

        _endedLinks.Clear();
    }

    private void Pump(SessionPath path)
    {
        IForwardLink link = (IForwardLink)path.Link!;
        while (path.HasOutput(loop.Now))
        {
            ClaimResult claim = link.TryClaim(link.Traits.MaxFrameSize, out Span<byte> frame);
            path.IsBlocked = claim != ClaimResult.Claimed;
            if (path.IsBlocked)
            {
                if (path.Phase == PathPhase.Closing)
                    path.EndOutput(loop.Now);
                return;
            }

            int length = path.WriteFrame(loop.Now, frame, out bool realTime);
            if (length == 0)
            {
                link.Abort();
                return;
            }

            link.Commit(length, realTime);
            path.Peer.Statistics.FrameSent();
        }
    }
}
