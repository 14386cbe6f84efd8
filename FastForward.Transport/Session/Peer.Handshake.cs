using System.Globalization;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>Handshakes: which processes may connect, the epoch of an association, and refusals.</content>
internal sealed partial class Peer
{
    private readonly IdClaim _claim = new();

    /// <summary>
    /// Whether a handshake of this incarnation may be completed now. If a different incarnation has a sound path, that
    /// process is challenged first: returns false, and the caller tries again with a later frame of the handshake.
    /// </summary>
    public bool TryAdmit(long now, ulong incarnation)
    {
        if (!_association.IsUp || incarnation == _association.PeerIncarnation)
            return true;
        bool isIdInUse = false;
        foreach (SessionPath path in _paths)
        {
            if (!path.IsSound || !_association.Owns(path))
                continue;
            isIdInUse = true;
            if (!IsClaimRejected(now, incarnation))
                path.Prober.Challenge(now);
        }

        if (!isIdInUse)
            return true;
        _claim.Begin(now, incarnation);
        Driver.OnPending();
        return false;
    }

    /// <summary>A challenge has recently proven that the id of the claimant belongs to another process.</summary>
    public bool IsClaimRejected(long now, ulong incarnation) => _claim.IsRejected(now, incarnation);

    /// <summary>
    /// The epoch of the RESPONSE to an INIT. An INIT that names an earlier incarnation of this process contains the
    /// epoch of an association that no longer exists: it counts as a request for the next epoch, which is also the
    /// result when the same peer answers an INIT of this process (docs/protocol.md, "Epochs").
    /// </summary>
    public uint EpochFor(in Handshake init)
    {
        bool isForThisProcess = init.PeerIncarnation == 0 || init.PeerIncarnation == Options.Incarnation;
        bool isAssociated = _association.IsUp && init.Incarnation == _association.PeerIncarnation;
        return EpochOrder.Newest(
            isForThisProcess ? init.Epoch : EpochOrder.After(init.Epoch),
            isAssociated ? _association.Epoch : EpochOrder.After(_lastEpoch)
        );
    }

    public void OnEstablished(SessionPath path, long now)
    {
        if (_association.IsUp && !_association.Owns(path))
        {
            if (
                path.PeerIncarnation == _association.PeerIncarnation
                && !EpochOrder.IsNewer(path.Epoch, _association.Epoch)
            )
            {
                path.Close(now, CloseReason.Superseded, "a newer association is established");
                return;
            }

            if (path.PeerIncarnation != _association.PeerIncarnation)
                Terminate(
                    now,
                    PeerEventKind.Restarted,
                    StreamEndReason.PeerLost,
                    UndeliveredReason.PeerRestarted,
                    "the peer restarted as a new process"
                );
            else
                Terminate(
                    now,
                    PeerEventKind.Lost,
                    StreamEndReason.PeerLost,
                    UndeliveredReason.PeerLost,
                    "the peer has ended the association and started a new one"
                );
        }

        bool isNew = !_association.IsUp;
        if (isNew && path.PeerIncarnation == KnownIncarnation && !EpochOrder.IsNewer(path.Epoch, _lastEpoch))
        {
            // A late RESPONSE for an association that has ended here. The peer may still use the numbering and credit
            // of that association, which a new one must not continue.
            path.Close(now, CloseReason.Superseded, "its association has already ended on this node");
            return;
        }

        if (isNew)
        {
            _association.Bind(path.Epoch, path.PeerIncarnation);
            _lastEpoch = path.Epoch;
            KnownIncarnation = path.PeerIncarnation;
        }

        path.EstablishedOrder = ++_establishments;
        if (path.IsReliable)
            _association.Receiver.RepeatGrants(now);
        ChoosePath(now, isNew ? PeerEventKind.Connected : PeerEventKind.PathChanged, "handshake completed");
        CloseRedundant(path.Kind, now);
    }

    public void OnChallengeAnswered(long now)
    {
        foreach (SessionPath path in _paths)
            path.Prober.EndChallenge(now);
        _claim.Reject(now, Options.DeadAfter);
        Notify(
            PeerEventKind.NodeIdConflict,
            SendPath?.Kind,
            string.Create(
                CultureInfo.InvariantCulture,
                $"process {_claim.Claimant:x16} uses the id of the running process {_association.PeerIncarnation:x16}"
            )
        );
    }

    public void OnRejected(SessionPath path, RejectReason reason) =>
        Notify(PeerEventKind.Refused, path.Kind, $"the peer refused the handshake: {reason}{Explain(reason)}");

    private static string Explain(RejectReason reason) =>
        reason switch
        {
            RejectReason.WrongNode => " (another node runs at this address: correct the route on this node)",
            RejectReason.KeyRequired => " (AllowUnkeyedIp is off there)",
            RejectReason.KeyNotSupported => " (its route or this node's demands a key, and keys are not supported yet)",
            RejectReason.NodeIdConflict => " (another process uses this node's id)",
            RejectReason.Busy => " (too many handshakes or paths are open there)",
            RejectReason.Stopping => " (it is stopping)",
            RejectReason.WrongSource => " (its route for this node has another context id or type)",
            _ => "",
        };
}
