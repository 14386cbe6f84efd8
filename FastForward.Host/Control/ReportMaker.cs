using FastForward.Host.Actors;
using FastForward.Host.Running;
using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.Impairment;

namespace FastForward.Host.Control;

/// <summary>Reports the state of a running node.</summary>
internal static class ReportMaker
{
    /// <summary>
    /// Makes the report on any thread. The loop thread only takes the snapshots: while the runtime still compiles, the
    /// first report would otherwise delay it for as long as a voice frame.
    /// </summary>
    public static async Task<NodeReport> MakeAsync(RunningNode running, CancellationToken stop)
    {
        TaskCompletionSource<Snapshots> taken = new(TaskCreationOptions.RunContinuationsAsynchronously);
        running.Loop.Post(() =>
            taken.SetResult(
                new Snapshots(
                    running.Node.GetPeers(),
                    running.Node.GetUnconfiguredNodes(),
                    [.. running.Actors.Select(Report)]
                )
            )
        );
        return Make(running, await taken.Task.WaitAsync(ControlConnection.Timeout, stop).ConfigureAwait(false));
    }

    private static NodeReport Make(RunningNode running, Snapshots taken)
    {
        ForwardNode node = running.Node;
        LoopStatistics loop = running.Loop.Statistics;
        NodeStatistics statistics = node.Statistics;
        return new NodeReport
        {
            Node = node.Id,
            ProcessId = Environment.ProcessId,
            File = running.Settings.File,
            UptimeSeconds = running.Uptime.TotalSeconds,
            Loop = new LoopReport(
                running.Settings.Idle.ToString().ToLowerInvariant(),
                loop.Cycles,
                (long)loop.TotalCycleTime.TotalMicroseconds,
                (long)loop.LongestCycle.TotalMicroseconds,
                loop.SlowCycles,
                running.SlowCycleMicros,
                loop.Stalls,
                loop.CallbackFailures
            ),
            Transports = [.. node.GetTransports().Select(Line)],
            Peers = [.. taken.Peers.OrderBy(static peer => peer.Node).Select(Report)],
            Actors = taken.Actors,
            Registries = [.. running.Registries.Select(static registry => RegistryReports.Report(registry.Status))],
            SkippedRows = RegistryReports.Report(running.Routes.Problems),
            Unconfigured =
            [
                .. taken.Unconfigured.Select(static heard => new UnconfiguredReport(
                    heard.Node,
                    TransportTypeMap.NameOf(heard.Transport),
                    heard.Handshakes,
                    heard.LastHeard.TotalSeconds
                )),
            ],
            Impairment = node.Impairment is { } impairment ? Report(impairment) : null,
            MessagesSent = statistics.MessagesSent,
            MessagesReceived = statistics.MessagesReceived,
            FramesSent = statistics.FramesSent,
            FramesReceived = statistics.FramesReceived,
            UndeliveredMessages = statistics.UndeliveredMessages,
            MalformedFrames = statistics.MalformedFrames,
            RefusedHandshakes = statistics.RefusedHandshakes,
        };
    }

    private static TransportLine Line(TransportStatus transport) =>
        new(
            TransportTypeMap.NameOf(transport.Kind),
            [.. transport.LocalEndPoints.Select(static endPoint => endPoint.ToString()!)],
            transport.Reason
        );

    /// <summary>Reports the impairment of a node.</summary>
    public static ImpairmentReport Report(ImpairmentStatistics impairment) =>
        new(
            impairment.Options.ToString(),
            impairment.Frames,
            impairment.Lost,
            impairment.LostInOutages,
            impairment.Overflowed,
            impairment.Duplicated,
            impairment.Delayed
        );

    private static PeerReport Report(PeerStatus peer) =>
        new()
        {
            Node = peer.Node,
            State = peer.State switch
            {
                PeerState.Connected => "connected",
                PeerState.Suspect => "suspect",
                _ => peer.Incarnation == 0 ? "notHeard" : "connecting",
            },
            InStateSeconds = peer.InState.TotalSeconds,
            Reason = peer.Reason,
            RefusedClaim = peer.RefusedClaim,
            RefusedClaimSecondsAgo = peer.RefusedClaim is null ? null : peer.RefusedClaimAge.TotalSeconds,
            Paths = [.. peer.Paths.Select(Report)],
            StoredBytes = peer.UnacknowledgedBytes,
            StoreLimitBytes = peer.SendStoreBytes,
            MessagesSent = peer.MessagesSent,
            PayloadBytesSent = peer.PayloadBytesSent,
            MessagesReceived = peer.MessagesReceived,
            PayloadBytesReceived = peer.PayloadBytesReceived,
            UndeliveredMessages = peer.UndeliveredMessages,
            SkippedMessages = peer.SkippedMessages,
            DroppedMessages = peer.DroppedMessages,
            RepeatedMessages = peer.RepeatedMessages,
            CopiedMessages = peer.CopiedMessages,
            HeldMessages = peer.HeldMessages,
            SavedMessages = peer.SavedMessages,
            SentTwice = peer.SentTwice,
            ReceivedTwice = peer.ReceivedTwice,
            RescuedMessages = peer.RescuedMessages,
            LateMessages = peer.LateMessages,
            RealTimeCopies = peer.RealTimeCopies,
            RealTimeCopiesReason = peer.RealTimeCopiesReason,
            LosesRealTime = peer.LosesRealTime,
        };

    private static ActorReport Report(ICountedService actor) =>
        new(
            actor.Name,
            actor.Address.ToString(),
            actor.Service,
            actor.ClientCount,
            actor.ToNode,
            actor.FromNode,
            actor.Drops.Total
        );

    private static PathReport Report(PathStatus path) =>
        new()
        {
            Transport = TransportTypeMap.NameOf(path.Transport),
            Remote = path.RemoteEndPoint?.ToString(),
            Local = path.LocalEndPoint?.ToString(),
            Former = path.IsFormer,
            SharedMemory = path.SharedMemory,
            NoSharedMemoryReason = path.NoSharedMemoryReason,
            KeyId = path.KeyId,
            Sealed = path.IsSealed,
            State = path.State.ToString().ToLowerInvariant(),
            InUse = path.IsInUse,
            AgeSeconds = path.Age.TotalSeconds,
            RoundTripMicros = (long)(path.RoundTrip?.TotalMicroseconds ?? 0),
            JitterMicros = (long)path.Jitter.TotalMicroseconds,
            LossPercent = path.LossRatio * 100,
            ReorderedPercent = path.ReorderedRatio * 100,
            FramesSent = path.FramesSent,
            FramesReceived = path.FramesReceived,
            FramesLost = path.FramesLost,
            FramesReordered = path.FramesReordered,
            FramesDuplicated = path.FramesDuplicated,
            SecondsSinceHeard = path.SinceHeard?.TotalSeconds,
            SecondsSinceDelivered = path.SinceDelivered?.TotalSeconds,
            IncomingTransit = Figures(path.IncomingTransit),
            OutgoingTransit = Figures(path.OutgoingTransit),
            OutgoingLossPercent = path.OutgoingLossRatio * 100,
            OutgoingLossBurst = path.OutgoingLossBurst,
        };

    private static TransitFigures? Figures(TransitStatus? transit) =>
        transit is not { } measured
            ? null
            : new TransitFigures(
                (long)measured.Median.TotalMicroseconds,
                (long)measured.Q95.TotalMicroseconds,
                (long)measured.Q99.TotalMicroseconds
            );

    private readonly record struct Snapshots(
        IReadOnlyList<PeerStatus> Peers,
        IReadOnlyList<UnconfiguredNode> Unconfigured,
        IReadOnlyList<ActorReport> Actors
    );
}
