using FastForward.Transport.Loop;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Writes the frames of peers that have output directly into claimed memory of their links, and closes the links of
/// ended paths.
/// </summary>
internal sealed class FramePump(ForwardLoop loop)
{
    // So that the bulk of one peer does not delay the frames of others by more than some hundred microseconds.
    private const int FramesPerTurn = 256;

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
            try
            {
                if (Pump(connector.Peer))
                    Mark(connector);
                connector.Reschedule();
            }
            catch (Exception exception) when (loop.Survives(exception, $"output to node {connector.Peer.Node}"))
            {
                Fail(connector.Peer, exception);
            }
        }
    }

    /// <summary>Stages the output of one peer, of each path a quota of frames.</summary>
    /// <returns>Whether there may be more.</returns>
    public bool Pump(Peer peer)
    {
        bool hasMore = false;
        // A path that ends while it writes is removed from the list, hence the reverse order and the check.
        IReadOnlyList<SessionPath> paths = peer.Paths;
        for (int i = paths.Count - 1; i >= 0; i--)
        {
            if (i < paths.Count)
                hasMore |= Pump(paths[i]);
        }

        return hasMore;
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
            try
            {
                link.Owner = null;
                link.Close();
            }
            catch (Exception exception) when (loop.Survives(exception, link.GetType().Name)) { }
        }

        _endedLinks.Clear();
    }

    // What the session has written of the frame is unknown, and the next attempt would fail alike: the association
    // ends, with a report of everything that is not acknowledged. The other peers are not affected.
    private void Fail(Peer peer, Exception exception)
    {
        string reason = $"a frame could not be written: {exception.Message}";
        for (int i = peer.Paths.Count - 1; i >= 0; i--)
        {
            if (i < peer.Paths.Count)
                peer.Paths[i].Finish(loop.NowMicros, reason);
        }

        peer.Close(loop.NowMicros, CloseReason.Stopping, reason, UndeliveredReason.PeerLost);
    }

    // Returns true when the path has used its quota, and may have more to write.
    private bool Pump(SessionPath path)
    {
        IForwardLink link = (IForwardLink)path.Link;
        for (int left = FramesPerTurn; path.HasOutput(loop.NowMicros); left--)
        {
            if (left == 0)
                return true;
            ClaimResult claim = link.TryClaim(link.Traits.MaxFrameSize, out Span<byte> frame);
            path.IsBlocked = claim != ClaimResult.Claimed;
            if (path.IsBlocked)
            {
                if (path.Phase == PathPhase.Closing)
                    path.EndOutput(loop.NowMicros);
                return false;
            }

            int length = 0;
            bool realTime;
            try
            {
                length = path.WriteFrame(loop.NowMicros, frame, out realTime);
            }
            finally
            {
                if (length == 0)
                    link.Abort();
            }

            if (length == 0)
                return false;
            link.Commit(length, realTime);
            path.Peer.Statistics.FrameSent();
        }

        return false;
    }
}
