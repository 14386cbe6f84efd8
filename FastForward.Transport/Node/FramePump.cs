using FastForward.Transport.Loop;
using FastForward.Transport.Session;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Writes the frames of peers that have output directly into claimed memory of their links, and closes the links of
/// ended paths.
/// </summary>
internal sealed class FramePump(ForwardLoop loop)
{
    private readonly Queue<PeerConnector> _marked = new();
    private readonly List<IForwardLink> _endedLinks = [];

    /// <summary>Whether a peer is marked.</summary>
    public bool HasWork => _marked.Count > 0;

    /// <summary>The peer has output, or its next time-out moved.</summary>
    public void Mark(PeerConnector connector)
    {
        if (connector.IsMarked)
            return;
        connector.IsMarked = true;
        _marked.Enqueue(connector);
    }

    /// <summary>Stages the output of all marked peers.</summary>
    public void Pump()
    {
        // A peer that is marked during this call is served in the next cycle.
        for (int count = _marked.Count; count > 0; count--)
        {
            PeerConnector connector = _marked.Dequeue();
            connector.IsMarked = false;
            Pump(connector.Peer);
            connector.Reschedule();
        }
    }

    /// <summary>Stages the output of one peer.</summary>
    public void Pump(Peer peer)
    {
        // A path that ends while it writes is removed from the list, hence the reverse order and the check.
        IReadOnlyList<SessionPath> paths = peer.Paths;
        for (int i = paths.Count - 1; i >= 0; i--)
        {
            if (i < paths.Count)
                Pump(paths[i]);
        }
    }

    /// <summary>
    /// The path has ended. Its link is closed at the end of the cycle: its last frame may still be in an open claim.
    /// </summary>
    public void End(SessionPath path) => _endedLinks.Add((IForwardLink)path.Link);

    /// <summary>Closes the links of ended paths; frames that are staged on them are still sent.</summary>
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
        IForwardLink link = (IForwardLink)path.Link;
        while (path.HasOutput(loop.NowMicros))
        {
            ClaimResult claim = link.TryClaim(link.Traits.MaxFrameSize, out Span<byte> frame);
            path.IsBlocked = claim != ClaimResult.Claimed;
            if (path.IsBlocked)
            {
                if (path.Phase == PathPhase.Closing)
                    path.EndOutput(loop.NowMicros);
                return;
            }

            int length = path.WriteFrame(loop.NowMicros, frame, out bool realTime);
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
