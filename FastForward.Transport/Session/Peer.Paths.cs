using System.Net;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// The paths to the peer: selection for messages and for acknowledgements, and closing of redundant ones.
/// </content>
internal sealed partial class Peer
{
    private const int MaxDraining = 4;

    /// <summary>Another path may drain. Limits the draining paths of a peer that keeps opening new ones.</summary>
    public bool MayDrain => _paths.Count(static path => path.Phase == PathPhase.Draining) < MaxDraining;

    public void Add(SessionPath path) => _paths.Add(path);

    /// <summary>
    /// The path that answers the INIT of this sender index, incarnation and source; null when there is none.
    /// </summary>
    public SessionPath? FindAnswer(uint senderIndex, ulong incarnation, in LinkSource source)
    {
        foreach (SessionPath path in _paths)
        {
            if (
                !path.IsInitiator
                && path.RemoteIndex == senderIndex
                && path.PeerIncarnation == incarnation
                && path.Source == source
            )
                return path;
        }

        return null;
    }

    /// <summary>
    /// The path needs a proof before it may join: its source proves less than that of the association. A source of
    /// equal strength was admitted for the node by itself.
    /// </summary>
    public bool NeedsProof(SessionPath path) =>
        _association.Owns(path) && path.Identity.Strength < _association.Strength;

    /// <summary>A nonce is to be returned over this path.</summary>
    public bool HasEcho(SessionPath path)
    {
        foreach (SessionPath other in _paths)
        {
            if (IsEchoFor(other, path))
                return true;
        }

        return false;
    }

    public void WriteEchoes(SessionPath path, ref FrameWriter frame)
    {
        foreach (SessionPath other in _paths)
        {
            if (IsEchoFor(other, path) && frame.Room >= WireFormat.PathResponse)
                frame.WritePathResponse(other.TakeEcho(), other.LocalIndex, other.RemoteIndex);
        }
    }

    /// <summary>A nonce came back over this path.</summary>
    public void OnEcho(SessionPath path, long now, ulong nonce, uint peerIndex, uint ownIndex)
    {
        if (!IsStrongest(path))
            return;
        foreach (SessionPath other in _paths)
        {
            if (other.Identity.Strength <= path.Identity.Strength && other.TryProve(now, nonce, peerIndex, ownIndex))
                return; // the list may have changed
        }
    }

    /// <summary>
    /// No other path of the association identifies the peer better. Only such a path proves others, acknowledges, and
    /// ends the association: while there is one, whatever a weaker path says is of no consequence beyond real-time
    /// streams.
    /// </summary>
    private bool IsStrongest(SessionPath path)
    {
        if (!_association.Owns(path) || path.Phase == PathPhase.Validating)
            return false;
        if (path.Identity.Strength >= _association.Strength)
            return true;
        foreach (SessionPath other in _paths)
        {
            if (other.IsEstablished && other.Identity.Strength > path.Identity.Strength && _association.Owns(other))
                return false;
        }

        return true;
    }

    public void OnSuspect(SessionPath path, long now)
    {
        ChoosePath(now, PathChange.Silent, $"{NameOf(path)} path: {PathProber.SuspectAfter} probes went unanswered");
        CloseRedundant(path.Way, now);
    }

    public void OnSound(SessionPath path, long now)
    {
        ChoosePath(now, PathChange.Returned, $"{NameOf(path)} path answers again");
        CloseRedundant(path.Way, now);
    }

    /// <summary>This node would get its messages on the path.</summary>
    public bool IsPreferred(SessionPath path) => ReferenceEquals(path, SendPath) && path.Rank < PathRank.Unrouted;

    /// <summary>The peer would get its messages on another path than before.</summary>
    public void OnPreferred(long now) => ChoosePath(now, PathChange.Peer, "the peer prefers another path");

    /// <summary>The peer has proven that it is at another place.</summary>
    public void OnMoved(SessionPath path, long now, in LinkSource before)
    {
        _association.AddSource(path.Identity);
        path.Way = Driver.WayOf(path);
        path.Rank = Driver.RankOf(path);
        // Frames in flight to the former place are lost: what they carried goes out again when they are missed.
        Notify(PeerEventKind.Moved, path, $"the peer is at {path.Source} now, and was at {before}");
        ChoosePath(now, PathChange.Route, $"the peer is at {path.Source} now");
        CloseRedundant(path.Way, now);
        Driver.OnPending();
    }

    /// <summary>The longest frame that the path carries is another one.</summary>
    public void OnSizeChanged(SessionPath path, long now, PathSize size)
    {
        string reason = size.IsLimited ? path.SizeProblem! : $"frames of up to {size.Limit} bytes arrive again";
        Notify(PeerEventKind.Narrow, path, reason);
        ChoosePath(now, PathChange.Size, $"{NameOf(path)} path: {reason}");
    }

    /// <summary>The routes to the peer have changed, and with them the ranks of its paths.</summary>
    public void OnRoutesChanged(long now)
    {
        foreach (SessionPath path in _paths)
            path.Rank = Driver.RankOf(path);
        if (_paths.Count > 0)
            ChoosePath(now, PathChange.Route, "the route prefers another path");
    }

    public void OnPathLost(SessionPath path, long now)
    {
        if (ReferenceEquals(path, _ackPath))
            _ackPath = null;
        if (ReferenceEquals(path, SecondPath))
            ChooseSecond(now);
        if (ReferenceEquals(path, SendPath) || ReferenceEquals(path, ReliablePath))
            ChoosePath(now, PathChange.Ended, $"{NameOf(path)} path ended: {path.EndReason}");
        // The best of the remaining paths may be one that this node answered: then this node closes the others.
        CloseRedundant(path.Way, now);
        Driver.OnPending();
    }

    public void OnPathFinished(SessionPath path, long now)
    {
        _paths.Remove(path);
        _pings?.OnPathFinished(path, now);
        Driver.OnPathFinished(path);
        OnPathLost(path, now);
        // Acknowledgements may be lost with the path even if the sender had left it: late retransmissions that arrived
        // on it made it the path for acknowledgements.
        if (path.Id == 0)
            return;
        path.Recovery?.LoseAll(now);
        _association.Receiver.RepeatGrants(now);
        if (ReliablePath is not null)
            _association.Sender.Rewind();
    }

    private bool IsEchoFor(SessionPath asked, SessionPath path) =>
        asked.PendingEcho is not null
        && !ReferenceEquals(asked, path)
        && asked.Identity.Strength <= path.Identity.Strength
        && IsStrongest(path);

    private void ChoosePath(long now, PathChange change, string reason, bool isConnected = false)
    {
        if (!_association.IsUp)
            return;
        SessionPath? before = SendPath;
        SessionPath? reliableBefore = ReliablePath;
        bool wasSound = _silentSince == long.MaxValue && before is not null;
        SendPath = PathChoice.Best(_paths, _association, realTime: true);
        ReliablePath = PathChoice.Best(_paths.Where(IsStrongest), _association);

        bool isSound = SendPath is { IsSound: true };
        if (isSound)
            _silentSince = long.MaxValue;
        else if (_silentSince == long.MaxValue)
            _silentSince = now;

        // Data still in flight on the former path may arrive after data on the new one. The new path therefore repeats
        // everything that is unacknowledged, in order.
        if (ReliablePath is not null && !ReferenceEquals(ReliablePath, reliableBefore))
            _association.Sender.Rewind();
        if (SendPath is not null && !ReferenceEquals(SendPath, before))
        {
            // What is repeated there is judged by the new path.
            DecideCopies(SendPath, now, isOther: true);
            if (before is not null)
                BeginOverlap(before, SendPath, now);
            _association.Sender.RepeatRealTime(now, SendPath.Id);
            SendPath.Ask(now); // it says which path this node prefers
            before?.Ask(now);
        }

        ChooseSecond(now);
        CloseFormer(now);

        UpdateWaiting(now);
        RecordState(now);

        if (SendPath is not null && !isConnected && IsElsewhere(before, SendPath))
            Statistics.Moved(change);
        if (isConnected)
            Notify(PeerEventKind.Connected, SendPath!, reason);
        else if (isSound && (!wasSound || IsElsewhere(before, SendPath!)))
            Notify(PeerEventKind.PathChanged, SendPath!, reason);
        else if (!isSound && wasSound)
            Notify(PeerEventKind.Suspect, before!, reason);
        Driver.OnPending();
    }

    // Of crossed links, and of one that was opened again, the other one is no change to report.
    private static bool IsElsewhere(SessionPath? before, SessionPath path) =>
        before is null || (!ReferenceEquals(before, path) && before.Way != path.Way);

    // See PeerEvent.Path.
    private string NameOf(SessionPath path) =>
        !path.Source.HasAddress ? path.Kind.ToString()
        : LocalOf(path) is { } local ? $"{path.Kind} {path.Source} from {local}"
        : $"{path.Kind} {path.Source}";

    /// <summary>The local address of a path, where paths of its medium differ in it; else null. Allocates.</summary>
    public IPAddress? LocalOf(SessionPath path)
    {
        if (path.Way is not { Local.HasAddress: true } way)
            return null;
        foreach (SessionPath other in _paths)
        {
            if (other.Kind == path.Kind && other.Way is { } its && its.Local != way.Local)
                return way.Local.Address;
        }

        return null;
    }

    private void DecideCopies(SessionPath path, long now, bool isOther = false)
    {
        CopyPolicy policy = _association.Sender.CopyPolicy;
        bool wasCongested = policy.IsCongested;
        if (isOther)
            policy.OnPathChanged();
        if (path.IsOrdered)
            policy.OnOrdered();
        else
            policy.Update(now, path.Quality, _association.Sender.CommonBudget);
        if (policy.IsAutomatic && policy.IsCongested != wasCongested)
            Notify(PeerEventKind.Congested, path, policy.ExplainCongestion());
    }

    // One path between the same ends is kept, the best one. Only the node that answered its handshake closes the
    // others: a path that is established there is established at both nodes.
    private void CloseRedundant(PathWay? way, long now)
    {
        if (way is null)
            return; // it was never established
        SessionPath? kept = PathChoice.Kept(_paths, way, _association);
        if (kept is null || kept.IsInitiator)
            return;
        foreach (SessionPath path in _paths.ToArray())
        {
            if (path.Way != way || !path.IsEstablished || ReferenceEquals(path, kept))
                continue;
            path.Close(now, CloseReason.Redundant, "another path between the same ends is kept");
        }
    }

    // Acknowledgements are sent on the path on which the messages arrive. If that path ends and loses them, the sender
    // retransmits the messages on another one, which causes new acknowledgements.
    private SessionPath? AckPath =>
        _ackPath is { IsSuspect: false } ? _ackPath
        : ReliablePath is { IsSound: true } ? ReliablePath
        : _ackPath ?? SendPath;

    // Late messages of a former path may arrive after their retransmission on the current one. The path with the newer
    // frame timestamp is the one that the sender uses now; if both are equal, the path established last.
    private void SelectAckPath(SessionPath path, long now)
    {
        if (!path.IsEstablished)
            return; // a path that closes or drains only delivers the rest
        long timestamp = _remoteClock.Extend(now, path.LastTimestamp);
        bool isOlder = timestamp < _ackTimestamp || (timestamp == _ackTimestamp && path.Id < _ackPath?.Id);
        if (_ackPath is not null && isOlder)
            return;
        _ackPath = path;
        _ackTimestamp = timestamp;
    }
}
