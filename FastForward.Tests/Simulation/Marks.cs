using FastForward.Tests.Session;
using FastForward.Transport;
using FastForward.Transport.Session;

namespace FastForward.Tests.Simulation;

/// <summary>What a node has met.</summary>
internal static class Marks
{
    public static Mark Of(SimulatedNode node)
    {
        NodeStatistics counts = node.Statistics;
        Mark marks = Mark.None;
        Set(Mark.Late, counts.LateMessages);
        Set(Mark.Skipped, counts.SkippedMessages);
        Set(Mark.Duplicate, counts.DuplicateMessages);
        Set(Mark.Replayed, counts.ReplayedFrames);
        Set(Mark.TooOld, counts.TooOldFrames);
        Set(Mark.Malformed, counts.MalformedFrames);
        Set(Mark.Evicted, counts.EvictedStreams);
        Set(Mark.OfEndedStream, counts.EndedStreamMessages);
        Set(Mark.RealTimeRepeated, counts.RepeatedMessages);
        Set(Mark.RealTimeNotRepeated, counts.LostMessages);
        Set(Mark.Connected, counts.Events(PeerEventKind.Connected));
        Set(Mark.Suspect, counts.Events(PeerEventKind.Suspect));
        Set(Mark.Lost, counts.Events(PeerEventKind.Lost));
        Set(Mark.Restarted, counts.Events(PeerEventKind.Restarted));
        Set(Mark.Narrow, counts.Events(PeerEventKind.Narrow));
        Set(Mark.PathChanged, counts.Events(PeerEventKind.PathChanged));
        Set(Mark.Expired, counts.Undelivered(UndeliveredReason.Expired));
        Set(Mark.PeerLost, counts.Undelivered(UndeliveredReason.PeerLost));
        Set(Mark.PeerRestarted, counts.Undelivered(UndeliveredReason.PeerRestarted));
        Set(Mark.StreamReset, counts.Undelivered(UndeliveredReason.StreamReset));
        foreach (StreamEnd end in node.Recorder.Ends)
            marks |= end.Reason switch
            {
                StreamEndReason.Ended => Mark.EndReported,
                StreamEndReason.Reset => Mark.ResetReported,
                _ => Mark.None,
            };
        foreach (SendStatus status in node.Refusals)
            marks |= status switch
            {
                SendStatus.BackPressured => Mark.BackPressured,
                SendStatus.TooManyStreams => Mark.TooManyStreams,
                SendStatus.TooLarge => Mark.TooLarge,
                _ => Mark.None,
            };
        foreach (Peer peer in node.Peers.All)
        {
            foreach (SessionPath path in peer.Paths)
                Set(Mark.SpuriousLoss, path.Recovery?.Spurious ?? 0);
            Set(Mark.LateEpoch, peer.LastEpoch > 1 ? 1 : 0);
        }

        if (node.Recorder.Messages.Exists(static message => message.Sequence > uint.MaxValue))
            marks |= Mark.SequenceWrap;
        return marks;

        void Set(Mark mark, long count) => marks |= count > 0 ? mark : Mark.None;
    }
}
