using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;

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
                InState = TimeSpan.FromMicroseconds(_loop.NowMicros - Math.Max(Peer.StateSince, _createdAt)),
                Reason = Peer.State == PeerState.Connected ? DetourReason ?? SizeReason : Reason,
                RefusedClaim = Peer.LastRefusal,
                RefusedClaimAge = TimeSpan.FromMicroseconds(_loop.NowMicros - Peer.LastRefusalAt),
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
            SharedMemory = path.Traits.SharedMemory,
            NoSharedMemoryReason = path.Traits.NoSharedMemoryReason,
            State = path.State,
            IsInUse = ReferenceEquals(path, Peer.SendPath) || ReferenceEquals(path, Peer.ReliablePath),
            Age = TimeSpan.FromMicroseconds(_loop.NowMicros - path.OpenedAt),
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
            FramesDuplicated = path.Figures?.Duplicates ?? 0,
            SinceHeard = Since(path.Figures?.LastHeard ?? -1),
            SinceDelivered = Since(path.Figures?.LastDelivered ?? -1),
            IncomingTransit = path.Figures?.Transits is { Count: > 0 } transits ? Transit(transits.Report) : null,
            OutgoingTransit = path.Figures?.PeerReport is { } report ? Transit(report) : null,
            OutgoingLossRatio = path.Quality.Loss,
            OutgoingLossBurst = path.Quality.Burst,
        };

    private TimeSpan? Since(long time) => time < 0 ? null : TimeSpan.FromMicroseconds(_loop.NowMicros - time);

    private static TransitStatus Transit(in TransitReport report) =>
        new(
            TimeSpan.FromMicroseconds(report.Median),
            TimeSpan.FromMicroseconds(report.Q95),
            TimeSpan.FromMicroseconds(report.Q99)
        );

    // Why the peer is not connected: its last event, and the outcome of the last attempt to connect.
    private string Reason
    {
        get
        {
            if (_lastFailure is { } failure)
                return _lastReason is null ? failure : $"{_lastReason}; {failure}";
            return _lastReason
                ?? (Route is not null ? $"no answer from {Place} yet" : "its route cannot be used from here");
        }
    }

    // Why a connected peer is not reached over its preferred route; null when it is.
    private string? DetourReason
    {
        get
        {
            if (Route is not { } route || Peer.SendPath is not { } path)
                return null;
            if (path.Rank == PathRank.Former)
                return $"reached at its former address, because there is no path to {route.EndPoint}: "
                    + (_lastFailure ?? "no answer yet");
            return _lastFailure is { } failure && path.Kind != route.Row.Transport
                ? $"reached over {path.Kind}, because its {route.Row.Transport} route fails: {failure}"
                : null;
        }
    }

    // Why a connected peer does not get everything; null when it does.
    private string? SizeReason => Peer.SendPath?.SizeProblem is { } problem ? $"reached, but {problem}" : null;

    private string NotHeardReason
    {
        get
        {
            string interval = $"{NotHeardAfterMicros / 1_000_000} s";
            if (Route is null)
                return $"the peer did not connect within {interval}, and its route cannot be used from here";
            string failure = _lastFailure is null ? "" : $" ({_lastFailure})";
            return $"no answer for {interval} from {Place}{failure}; still trying";
        }
    }
}
