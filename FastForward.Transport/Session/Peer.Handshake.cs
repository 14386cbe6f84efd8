using System.Globalization;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>Handshakes: which processes may connect, the epoch of an association, and refusals.</content>
internal sealed partial class Peer
{
    private IdClaim? _claim;

    private IdClaim Claim => _claim ??= new IdClaim();

    /// <summary>Whether a handshake of this incarnation may be completed now.</summary>
    /// <remarks>
    /// A process with the incarnation and epoch of the association joins it. Otherwise the association would end, and
    /// that needs a source that proves more than that of the association, or the very same source. In the latter case
    /// a process that still answers is challenged first; the claimant tries again with a later frame of its handshake.
    /// Any other claimant has to wait until the association has ended by itself.
    /// </remarks>
    /// <param name="now">The time.</param>
    /// <param name="incarnation">The claimant's incarnation.</param>
    /// <param name="epoch">The epoch that the handshake leads to.</param>
    /// <param name="kind">The medium of the handshake.</param>
    /// <param name="source">Where the claimant is.</param>
    public ClaimDecision EvaluateClaim(
        long now,
        ulong incarnation,
        uint epoch,
        TransportKind kind,
        in LinkSource source
    )
    {
        bool isKnown = incarnation == _association.PeerIncarnation;
        if (IsOfAssociation(incarnation, epoch))
            return ClaimDecision.Admit;
        if (source.Strength > _association.Strength || (isKnown && _association.IsAt(source)))
            return ClaimDecision.Admit;
        if (isKnown)
            return ClaimDecision.Wait; // the peer ended the association; this side has not noticed yet
        if (!_association.IsAt(source))
            return RefuseClaim(now, incarnation, kind, source);

        bool isIdInUse = false;
        foreach (SessionPath path in _paths)
        {
            if (!path.IsSound || !_association.Owns(path))
                continue;
            isIdInUse = true;
            if (!Claim.IsRejected(now, incarnation))
                path.Prober.Challenge(now);
        }

        if (!isIdInUse)
            return ClaimDecision.Admit;
        Claim.Begin(now, incarnation);
        Driver.OnPending();
        return Claim.IsRejected(now, incarnation) ? ClaimDecision.Refuse : ClaimDecision.Wait;
    }

    /// <summary>It asks for no more than another path of the association, or for the first one.</summary>
    public bool IsOfAssociation(ulong incarnation, uint epoch) =>
        !_association.IsUp
        || (incarnation == _association.PeerIncarnation && !EpochOrder.IsNewer(epoch, _association.Epoch));

    /// <summary>
    /// An INIT for the association itself, over a medium that identifies less than the paths it has: no row has to
    /// admit its source, since the path joins only by the proof (<see cref="NeedsProof"/>). It contains the random
    /// numbers of both processes already, so that the answer tells nothing new.
    /// </summary>
    public bool MayProve(in Handshake init, in LinkSource source) =>
        _association.IsUp
        && source.Strength < _association.Strength
        && init.Incarnation == _association.PeerIncarnation
        && init.PeerIncarnation == Options.Incarnation
        && init.Epoch == _association.Epoch;

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

        _association.AddSource(path.Identity);
        // The peer takes acknowledgements from its strongest path only.
        if (_ackPath is { } former && former.Identity.Strength < path.Identity.Strength)
            _ackPath = null;
        path.Id = ++_establishments;
        path.Way = Driver.WayOf(path);
        path.Rank = Driver.RankOf(path);
        if (_paths.Exists(other => IsUnreliableBeside(path, other)) && HasAlternative(path))
            path.BeginReturn(now);
        _association.Receiver.RepeatGrants(now);
        ChoosePath(now, PathChange.Established, "handshake completed", isConnected: isNew);
        CloseRedundant(path.Way, now);
    }

    public void OnChallengeAnswered(long now)
    {
        foreach (SessionPath path in _paths)
            path.Prober.EndChallenge(now);
        Claim.Reject(now, Options.DeadAfter);
        OnRefusedClaim(
            now,
            PeerEventKind.NodeIdConflict,
            SendPath?.Kind,
            string.Create(
                CultureInfo.InvariantCulture,
                $"process {Claim.Claimant:x16} uses the id of the running process {_association.PeerIncarnation:x16}"
            )
        );
    }

    /// <summary>The peer refused a handshake of this node.</summary>
    public void OnRejected(SessionPath path, in Reject reject)
    {
        // Both suites are strong: it does no harm if a third one sent this.
        if (reject.Reason == RejectReason.CipherUnsupported)
            Suite = CipherSuite.ChaChaPoly;
        Notify(PeerEventKind.Refused, path, $"the peer refused the handshake: {reject.Reason}{Explain(reject)}");
    }

    /// <summary>This node refuses the peer's RESPONSE.</summary>
    public void OnRefused(SessionPath path, in Handshake response, RejectReason reason) =>
        Notify(PeerEventKind.Refused, path, Compatibility.ExplainOwn(reason, response, Options.Capabilities)!);

    // Reported once in the time until a claim may succeed, by any process: a claimant may invent incarnations.
    private ClaimDecision RefuseClaim(long now, ulong incarnation, TransportKind kind, in LinkSource source)
    {
        if (Claim.TryReport(now, Options.DeadAfter))
            OnRefusedClaim(
                now,
                PeerEventKind.NodeIdConflict,
                kind,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"process {incarnation:x16} at {source} claims the id of process "
                        + $"{_association.PeerIncarnation:x16}, which is elsewhere; it is refused until that one "
                        + $"was silent for {Options.DeadAfter / 1_000_000.0:0.#} s"
                )
            );
        return ClaimDecision.Refuse;
    }

    private static string Explain(in Reject reject) =>
        reject.Reason switch
        {
            RejectReason.WrongNode => " (another node runs at this address: correct the route on this node)",
            RejectReason.KeyRequired => " (it demands a key from this node: put its number into the row on this side)",
            RejectReason.KeyUnknown =>
                " (it has no such key for this node: add the key there, or correct the row here)",
            RejectReason.WrongProof =>
                " (its key of that number is another one: copy the key from one node to the other)",
            RejectReason.CipherUnsupported => " (its processor lacks the cipher; this node goes on with another one)",
            RejectReason.NodeIdConflict => " (another process uses this node's id)",
            RejectReason.Busy => " (too many handshakes or paths are open there)",
            RejectReason.Stopping => " (it is stopping)",
            RejectReason.WrongSource => " (no row for this node there matches where it connects from)",
            RejectReason.Version or RejectReason.Unsupported => $" ({Compatibility.Explain(reject)})",
            _ => "",
        };
}
