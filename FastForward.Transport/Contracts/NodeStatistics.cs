namespace FastForward.Transport;

/// <summary>Counters of a node since its start. Written by the loop thread, readable on any thread.</summary>
public sealed class NodeStatistics
{
    private readonly long[] _undelivered = new long[Enum.GetValues<UndeliveredReason>().Length];
    private readonly long[] _events = new long[Enum.GetValues<PeerEventKind>().Length];

    internal NodeStatistics() { }

    /// <summary>Messages accepted by Send.</summary>
    public long MessagesSent { get; internal set; }

    /// <summary>Messages handed to the handler.</summary>
    public long MessagesReceived { get; internal set; }

    /// <summary>Frames committed to links.</summary>
    public long FramesSent { get; internal set; }

    /// <summary>Frames received over links.</summary>
    public long FramesReceived { get; internal set; }

    /// <summary>Frames that belong to no link.</summary>
    public long StrangerFrames { get; internal set; }

    /// <summary>Frames dropped because they could not be parsed.</summary>
    public long MalformedFrames { get; internal set; }

    /// <summary>Frames dropped because their packet number was seen before.</summary>
    public long ReplayedFrames { get; internal set; }

    /// <summary>Frames dropped because none that holds the keys has written them as they are.</summary>
    public long ForgedFrames { get; internal set; }

    /// <summary>First handshake frames dropped because they prove no key of this node.</summary>
    public long ForgedHandshakes { get; internal set; }

    /// <summary>Frames dropped because too many others overtook them to know whether they were seen.</summary>
    public long TooOldFrames { get; internal set; }

    /// <summary>Elements skipped because their type is unknown.</summary>
    public long UnknownElements { get; internal set; }

    /// <summary>Handshakes dropped or refused: unknown node, missing key, node id conflict, table full.</summary>
    public long RefusedHandshakes { get; internal set; }

    /// <summary>Real-time messages sent again, because a path lost them.</summary>
    public long RepeatedMessages { get; internal set; }

    /// <summary>Real-time messages that a path lost, and that were not sent again: it was too late for them.</summary>
    public long LostMessages { get; internal set; }

    /// <summary>Copies of real-time messages that were sent before it was known whether the original arrives.</summary>
    public long CopiedMessages { get; internal set; }

    /// <summary>Real-time messages that waited at the receiver for others before them.</summary>
    public long HeldMessages { get; internal set; }

    /// <summary>Real-time messages that arrived while others waited for them.</summary>
    public long FilledGaps { get; internal set; }

    /// <summary>Real-time messages that were delivered from a repetition or a copy.</summary>
    public long SavedMessages { get; internal set; }

    /// <summary>
    /// Real-time messages that arrived later than their budget allows, or after their place was skipped.
    /// </summary>
    public long LateMessages { get; internal set; }

    /// <summary>Places of real-time streams that were skipped at the receiver.</summary>
    public long SkippedMessages { get; internal set; }

    /// <summary>Messages received a second time and dropped.</summary>
    public long DuplicateMessages { get; internal set; }

    /// <summary>Accepted messages reported as undelivered.</summary>
    public long UndeliveredMessages { get; internal set; }

    internal long Undelivered(UndeliveredReason reason) => Volatile.Read(ref _undelivered[(int)reason]);

    internal long Events(PeerEventKind kind) => Volatile.Read(ref _events[(int)kind]);

    internal void NotDelivered(UndeliveredReason reason, long count)
    {
        _undelivered[(int)reason] += count;
        UndeliveredMessages += count;
    }

    internal void RaisedEvent(PeerEventKind kind) => _events[(int)kind]++;

    /// <summary>Incoming streams evicted to make room for others.</summary>
    public long EvictedStreams { get; internal set; }

    /// <summary>Messages of streams that had ended before, dropped.</summary>
    public long EndedStreamMessages { get; internal set; }
}
