using System.Globalization;
using System.Net;
using FastForward.Transport.Addressing;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <content>The status of the peer and the texts of its reasons.</content>
internal sealed partial class PeerConnector
{
    /// <summary>A snapshot of the peer.</summary>
    public PeerStatus Status
    {
        get
        {
            PeerStatistics statistics = Peer.Statistics;
            CopyPolicy? copies = Peer.CopyPolicy;
            return new PeerStatus
            {
                Node = Peer.Node,
                State = Peer.State,
                InState = TimeSpan.FromMicroseconds(Now - Math.Max(Peer.StateSince, _createdAt)),
                Reason = Peer.State == PeerState.Connected ? DetourReason ?? SizeReason : Reason,
                RefusedClaim = Peer.LastRefusal,
                RefusedClaimAge = TimeSpan.FromMicroseconds(Now - Peer.LastRefusalAt),
                Paths = PathStatuses(),
                UnacknowledgedBytes = Peer.Association.StoredBytes,
                SendStoreBytes = Peer.Options.SendStoreBytes,
                Incarnation = Peer.KnownIncarnation,
                MessagesSent = statistics.MessagesSent,
                PayloadBytesSent = statistics.BytesSent,
                MessagesReceived = statistics.MessagesReceived,
                PayloadBytesReceived = statistics.BytesReceived,
                UndeliveredMessages = statistics.UndeliveredMessages,
                SkippedMessages = statistics.SkippedMessages,
                DroppedMessages = statistics.DroppedMessages,
                RepeatedMessages = statistics.RepeatedMessages,
                CopiedMessages = statistics.CopiedMessages,
                HeldMessages = statistics.HeldMessages,
                SavedMessages = statistics.SavedMessages,
                SentTwice = statistics.SentTwice,
                ReceivedTwice = statistics.ReceivedTwice,
                RescuedMessages = statistics.RescuedMessages,
                LateMessages = statistics.LateMessages,
                RealTimeCopies = copies?.Copies ?? 0,
                RealTimeCopiesReason = copies?.Explain(),
                LosesRealTime = copies?.Reason is CopyReason.Congested or CopyReason.Hopeless,
            };
        }
    }

    // Handshakes that others have begun and not completed are no paths of the peer yet: they may be a stranger's.
    private PathStatus[] PathStatuses()
    {
        IEnumerable<SessionPath> paths = Peer.Paths.Where(static path => !path.IsUnproven);
        return [.. paths.OrderByDescending(path => ReferenceEquals(path, Peer.SendPath)).Select(StatusOf)];
    }

    private PathStatus StatusOf(SessionPath path) =>
        new()
        {
            Transport = path.Kind,
            RemoteEndPoint = ((IForwardLink)path.Link).RemoteEndPoint,
            LocalEndPoint = ((IForwardLink)path.Link).LocalEndPoint,
            IsFormer = path.Rank == PathRank.Former,
            SharedMemory = path.Traits.SharedMemory,
            NoSharedMemoryReason = path.Traits.NoSharedMemoryReason,
            State = path.State,
            IsInUse = ReferenceEquals(path, Peer.SendPath) || ReferenceEquals(path, Peer.ReliablePath),
            Age = TimeSpan.FromMicroseconds(Now - path.OpenedAt),
            RoundTrip =
                path.Measurement.SmoothedRoundTrip > 0
                    ? TimeSpan.FromMicroseconds(path.Measurement.SmoothedRoundTrip)
                    : null,
            Jitter = TimeSpan.FromMicroseconds(path.Measurement.Jitter),
            LossRatio = path.Arrivals.LossRatio,
            ReorderedRatio = path.Arrivals.ReorderedRatio,
            FramesReceived = path.Arrivals.Received,
            FramesLost = path.Arrivals.Lost,
            FramesReordered = path.Arrivals.Reordered,
            FramesSent = path.FramesSent,
            ProbesMissed = path.Prober.Missed,
            KeyId = path.KeyId,
            IsSealed = path.IsSealed,
            FramesDuplicated = path.Figures?.Duplicates ?? 0,
            SinceHeard = Since(path.Figures?.LastHeard ?? -1),
            SinceDelivered = Since(path.Figures?.LastDelivered ?? -1),
            IncomingTransit = path.Figures?.Transits is { Count: > 0 } transits ? Transit(transits.Report) : null,
            OutgoingTransit = path.Figures?.PeerReport is { } report ? Transit(report) : null,
            OutgoingLossRatio = path.Quality.Loss,
            OutgoingLossBurst = path.Quality.Burst,
        };

    private TimeSpan? Since(long time) => time < 0 ? null : TimeSpan.FromMicroseconds(Now - time);

    private static TransitStatus Transit(in TransitReport report) =>
        new(
            TimeSpan.FromMicroseconds(report.Median),
            TimeSpan.FromMicroseconds(report.Q95),
            TimeSpan.FromMicroseconds(report.Q99)
        );

    // Where the preferred route leads, with the addresses of its name that are tried.
    private string Place
    {
        get
        {
            EndPoint endPoint = Preferred!.EndPoint;
            if (NamedEndPoint.NameOf(endPoint) is not { } name)
                return endPoint.ToString()!;
            string place = string.Create(CultureInfo.InvariantCulture, $"{name}:{NamedEndPoint.PortOf(endPoint)}");
            string[] addresses =
            [
                .. _connectors
                    .Where(IsPreferred)
                    .Select(static connector => connector.Candidate.Remote)
                    .Where(static remote => NamedEndPoint.NameOf(remote) is null)
                    .Select(static remote =>
                        remote is IPEndPoint ip ? ip.Address.ToString() : ((RdmaEndPoint)remote).Host!
                    )
                    .Distinct(),
            ];
            return addresses.Length == 0 ? place : $"{place} ({string.Join(", ", addresses)})";
        }
    }

    // Why the preferred route is not connected, as far as it is known.
    private string? PreferredFailure =>
        Array.Find(_connectors, connector => IsPreferred(connector) && connector.Failure is not null)?.Failure;

    // Why the peer is not connected: its last event, and the outcome of the last attempt to connect.
    private string Reason
    {
        get
        {
            if (PreferredFailure is { } failure)
                return _lastReason is null || _lastReason == failure ? failure : $"{_lastReason}; {failure}";
            return _lastReason
                ?? (Preferred is not null ? $"no answer from {Place} yet" : "its route cannot be used from here");
        }
    }

    // Why a connected peer is not reached over its preferred route; null when it is.
    private string? DetourReason
    {
        get
        {
            if (Preferred is not { } route || Peer.SendPath is not { } path)
                return null;
            bool isMade = Array.Exists(_connectors, connector => IsPreferred(connector) && connector.IsEstablished);
            if (isMade || IsOverBetter(path))
                return null;
            TransportKind kind = route.Row.Transport;
            string failure = PreferredFailure ?? "no answer yet";
            if (path.Rank == PathRank.Former)
                return path.Kind == kind
                    ? $"reached at its former address, because there is no path to {Place}: {failure}"
                    : $"reached over its former {path.Kind} route, because there is no path to {Place}: {failure}";
            bool hasFailed = Array.Exists(
                _connectors,
                connector => IsPreferred(connector) && (connector.Failure is not null || connector.HasFailed)
            );
            if (!hasFailed)
                return null;
            EndPoint remote = ((IForwardLink)path.Link).RemoteEndPoint;
            return path.Kind == kind
                ? $"reached at {remote}, because there is no path to {Place}: {failure}"
                : $"reached over {path.Kind}, because its {kind} route fails: {failure}";
        }
    }

    // A path in front of those of the preferred route: one that was discovered.
    private bool IsOverBetter(SessionPath path) =>
        Array.FindIndex(_connectors, IsPreferred) is var first and > 0 && path.Rank < first;

    /// <summary>
    /// Why a handshake that this node began was not answered, as far as it can be told; null when it cannot, and when
    /// it is no failure.
    /// </summary>
    public string? ExplainUnanswered(SessionPath path, in PathCandidate candidate)
    {
        if (_lastKind == PeerEventKind.Refused)
            return Peer.State == PeerState.Connected ? _lastReason : null; // else it is in the reason already
        return path.Traits.ConnectionOriented
            ? $"{candidate.Remote} accepts the connection but does not answer the handshake: "
                + "it may have no row for this node"
            : null;
    }

    // Why a connected peer does not get everything; null when it does.
    private string? SizeReason => Peer.SendPath?.SizeProblem is { } problem ? $"reached, but {problem}" : null;

    private string NotHeardReason
    {
        get
        {
            string interval = $"{NotHeardAfterMicros / 1_000_000} s";
            if (Preferred is null)
                return $"the peer did not connect within {interval}, and its route cannot be used from here";
            string failure = PreferredFailure is { } known ? $" ({known})" : "";
            return $"no answer for {interval} from {Place}{failure}; still trying";
        }
    }
}
