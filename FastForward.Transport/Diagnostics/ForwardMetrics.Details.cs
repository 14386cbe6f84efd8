using System.Diagnostics.Metrics;

namespace FastForward.Transport.Diagnostics;

/// <content>The instruments with many series for each peer, which are created on request.</content>
public sealed partial class ForwardMetrics
{
    private void AddPeerDetails(Meter meter)
    {
        meter.CreateObservableCounter(
            "fastforward.peer.frames",
            Peers(static (tags, peer) => tags.BothDirections(peer.FramesSent, peer.FramesReceived)),
            "{frame}",
            "Frames to and from a peer, over all its paths."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.frames.dropped",
            Peers(
                static (tags, peer) =>
                    [
                        tags.WithReason("malformed", peer.MalformedFrames),
                        tags.WithReason("replayed", peer.ReplayedFrames),
                        tags.WithReason("too_old", peer.TooOldFrames),
                        tags.WithReason("forged", peer.ForgedFrames),
                    ]
            ),
            "{frame}",
            "Frames of a peer that were dropped."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.messages.recovery",
            Peers(
                static (tags, peer) =>
                    [
                        tags.WithReason("sent_again", peer.RepeatedMessages),
                        tags.WithReason("copied", peer.CopiedMessages),
                        tags.WithReason("too_late", peer.LostMessages),
                        tags.WithReason("second_path", peer.SentTwice),
                    ]
            ),
            "{message}",
            "Real-time messages to a peer that a path lost or may lose."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.messages.repaired",
            Peers(
                static (tags, peer) =>
                    [
                        tags.WithReason("held", peer.HeldMessages),
                        tags.WithReason("gap_filled", peer.FilledGaps),
                        tags.WithReason("repetition", peer.SavedMessages),
                        tags.WithReason("second_path", peer.RescuedMessages),
                    ]
            ),
            "{message}",
            "Real-time messages of a peer that did not arrive in order, or not at the first attempt."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.messages.dropped",
            Peers(
                static (tags, peer) =>
                    [
                        tags.WithReason("late", peer.LateMessages),
                        tags.WithReason("duplicate", peer.DuplicateMessages),
                        tags.WithReason("stream_ended", peer.EndedStreamMessages),
                    ]
            ),
            "{message}",
            "Messages of a peer that were dropped."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.undelivered",
            Peers(
                static (tags, peer) =>
                    MetricTags.UndeliveredReasons.Select(
                        (word, reason) => tags.WithReason(word, peer.Undelivered((UndeliveredReason)reason))
                    )
            ),
            "{message}",
            "Messages that were accepted for a peer and not delivered, by reason."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.streams.evicted",
            Peers(static (tags, peer) => [tags.Single(peer.EvictedStreams)]),
            "{stream}",
            "Incoming streams that were evicted to make room for others."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.path.changes",
            Peers(
                static (tags, peer) =>
                    MetricTags.PathChanges.Select(
                        (word, change) => tags.WithReason(word, peer.Moves((PathChange)change))
                    )
            ),
            "{change}",
            "Times that messages to a peer took another path, by reason."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.path.doubts",
            Peers(static (tags, peer) => [tags.Single(peer.DoubtfulPaths)]),
            "{doubt}",
            "Times that a path to a peer was silent for longer than its answers take."
        );
        meter.CreateObservableCounter(
            "fastforward.peer.events",
            Peers(
                static (tags, peer) =>
                    MetricTags.PeerEvents.Select((word, kind) => tags.WithEvent(word, peer.Events((PeerEventKind)kind)))
            ),
            "{event}",
            "Events of the connection to a peer, such as path changes and losses."
        );
        meter.CreateObservableUpDownCounter(
            "fastforward.peer.send_store.usage",
            () =>
                Each(static node =>
                    node.ReadPeers()
                        .Select(peer => new MetricTags(node.Id, peer.Statistics.Node).Single(peer.StoredBytes))
                ),
            "By",
            "Bytes in the send store of a peer: payload and 64 bytes for each message."
        );
        meter.CreateObservableUpDownCounter(
            "fastforward.peer.send_store.limit",
            () =>
                Each(static node =>
                    node.ReadPeers()
                        .Select(peer => new MetricTags(node.Id, peer.Statistics.Node).Single(node.SendStoreBytes))
                ),
            "By",
            "The limit of the send store of a peer."
        );
        meter.CreateObservableGauge(
            "fastforward.peer.realtime.copies",
            () =>
                Each(static node =>
                    node.ReadPeers()
                        .Where(static peer => peer.Copies is not null)
                        .Select(peer =>
                            new MetricTags(node.Id, peer.Statistics.Node).WithReason(
                                MetricTags.CopyReasons[(int)peer.Copies!.Value.Reason],
                                peer.Copies.Value.Copies
                            )
                        )
                ),
            "{message}",
            "How often each real-time message to a peer is sent beyond the first time, and why."
        );
        meter.CreateObservableGauge(
            "fastforward.peer.jitter",
            () => Each(node => Measured(node, static path => path.JitterMicros)),
            "s",
            "Interarrival jitter (RFC 3550) of that path."
        );
    }
}
