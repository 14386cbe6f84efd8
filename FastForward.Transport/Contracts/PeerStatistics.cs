namespace FastForward.Transport;

/// <summary>
/// Counters of one peer since a route to it appeared. Written by the loop thread; any thread may read. Whatever is
/// counted here is part of the node's <see cref="NodeStatistics"/> too.
/// </summary>
internal sealed class PeerStatistics
{
    private static readonly int s_reasons = Enum.GetValues<UndeliveredReason>().Length;
    private static readonly int s_kinds = Enum.GetValues<PeerEventKind>().Length;

    private readonly NodeStatistics _total;

    // Created with the first count: an absent peer has none.
    private long[]? _undelivered;
    private long[]? _events;
    private long[]? _realTime;
    private long[]? _moves;

    private long _messagesSent;
    private long _bytesSent;
    private long _messagesReceived;
    private long _bytesReceived;
    private long _framesSent;
    private long _framesReceived;
    private long _malformedFrames;
    private long _replayedFrames;
    private long _tooOldFrames;
    private long _forgedFrames;
    private long _unknownElements;
    private long _lateMessages;
    private long _skippedMessages;
    private long _duplicateMessages;
    private long _endedStreamMessages;
    private long _evictedStreams;

    public PeerStatistics(uint node, NodeStatistics total)
    {
        Node = node;
        _total = total;
    }

    /// <summary>The peer; the node itself where messages to its own id are counted.</summary>
    public uint Node { get; }

    /// <summary>Messages to the peer that were accepted by Send.</summary>
    public long MessagesSent => Volatile.Read(ref _messagesSent);

    /// <summary>Payload bytes of <see cref="MessagesSent"/>.</summary>
    public long BytesSent => Volatile.Read(ref _bytesSent);

    /// <summary>Messages of the peer that were handed to the handler.</summary>
    public long MessagesReceived => Volatile.Read(ref _messagesReceived);

    /// <summary>Payload bytes of <see cref="MessagesReceived"/>.</summary>
    public long BytesReceived => Volatile.Read(ref _bytesReceived);

    /// <summary>Frames committed to links to the peer.</summary>
    public long FramesSent => Volatile.Read(ref _framesSent);

    /// <summary>Frames received over links to the peer, those that are dropped later included.</summary>
    public long FramesReceived => Volatile.Read(ref _framesReceived);

    /// <summary>Frames dropped, or dropped from their first bad element on, because they break the rules.</summary>
    public long MalformedFrames => Volatile.Read(ref _malformedFrames);

    /// <summary>Frames dropped because their packet number was seen before.</summary>
    public long ReplayedFrames => Volatile.Read(ref _replayedFrames);

    /// <summary>Frames dropped because none that holds the keys has written them as they are.</summary>
    public long ForgedFrames => Volatile.Read(ref _forgedFrames);

    /// <summary>Frames dropped because too many others overtook them to know whether they were seen.</summary>
    public long TooOldFrames => Volatile.Read(ref _tooOldFrames);

    /// <summary>Elements skipped because their type is unknown.</summary>
    public long UnknownElements => Volatile.Read(ref _unknownElements);

    /// <summary>
    /// Real-time messages that arrived later than their budget allows, or after their place was skipped.
    /// </summary>
    public long LateMessages => Volatile.Read(ref _lateMessages);

    /// <summary>Places of real-time streams that were skipped at the receiver.</summary>
    public long SkippedMessages => Volatile.Read(ref _skippedMessages);

    /// <summary>Messages received a second time and dropped.</summary>
    public long DuplicateMessages => Volatile.Read(ref _duplicateMessages);

    /// <summary>Messages of streams that had ended before, dropped.</summary>
    public long EndedStreamMessages => Volatile.Read(ref _endedStreamMessages);

    /// <summary>Messages dropped for whatever reason: late, duplicate or of an ended stream.</summary>
    public long DroppedMessages => LateMessages + DuplicateMessages + EndedStreamMessages;

    /// <summary>Real-time messages sent again, because a path lost them.</summary>
    public long RepeatedMessages => Count(_realTime, (int)RealTimeCount.RepeatedMessages);

    /// <summary>Real-time messages that a path lost, and that were not sent again: it was too late for them.</summary>
    public long LostMessages => Count(_realTime, (int)RealTimeCount.LostMessages);

    /// <summary>Copies of real-time messages that were sent before it was known whether the original arrives.</summary>
    public long CopiedMessages => Count(_realTime, (int)RealTimeCount.CopiedMessages);

    /// <summary>Real-time messages that waited at the receiver for others before them.</summary>
    public long HeldMessages => Count(_realTime, (int)RealTimeCount.HeldMessages);

    /// <summary>Real-time messages that arrived while others waited for them.</summary>
    public long FilledGaps => Count(_realTime, (int)RealTimeCount.FilledGaps);

    /// <summary>Real-time messages that were delivered from a repetition or a copy.</summary>
    public long SavedMessages => Count(_realTime, (int)RealTimeCount.SavedMessages);

    /// <summary>Real-time messages that were sent over a second path, too.</summary>
    public long SentTwice => Count(_realTime, (int)RealTimeCount.SentTwice);

    /// <summary>Real-time messages that came over a second path, whether they were the first to come or not.</summary>
    public long ReceivedTwice => Count(_realTime, (int)RealTimeCount.ReceivedTwice);

    /// <summary>Real-time messages that came over a second path alone, or there before the other one.</summary>
    internal long FirstOnSecond => Count(_realTime, (int)RealTimeCount.FirstOnSecond);

    /// <summary>
    /// Real-time messages that a second path has saved: the first one has not delivered them, so far.
    /// </summary>
    public long RescuedMessages => Math.Max(FirstOnSecond - Count(_realTime, (int)RealTimeCount.FirstAfterSecond), 0);

    /// <summary>How often a path became doubtful (<see cref="PathState.Doubtful"/>).</summary>
    public long DoubtfulPaths => Count(_realTime, (int)RealTimeCount.DoubtfulPaths);

    /// <summary>How often real-time messages to the peer took another path, for a reason.</summary>
    internal long Moves(PathChange change) => Count(_moves, (int)change);

    /// <summary>Incoming streams evicted to make room for others.</summary>
    public long EvictedStreams => Volatile.Read(ref _evictedStreams);

    /// <summary>Accepted messages reported as undelivered.</summary>
    public long UndeliveredMessages
    {
        get
        {
            long sum = 0;
            for (int reason = 0; reason < s_reasons; reason++)
                sum += Undelivered((UndeliveredReason)reason);
            return sum;
        }
    }

    /// <summary>Accepted messages reported as undelivered for a reason.</summary>
    public long Undelivered(UndeliveredReason reason) => Count(_undelivered, (int)reason);

    /// <summary>
    /// Events of a kind, those included that were held back from the handler because of their number.
    /// </summary>
    public long Events(PeerEventKind kind) => Count(_events, (int)kind);

    public void Sent(int bytes)
    {
        _messagesSent++;
        _bytesSent += bytes;
        _total.MessagesSent++;
    }

    public void Received(int bytes)
    {
        _messagesReceived++;
        _bytesReceived += bytes;
        _total.MessagesReceived++;
    }

    public void FrameSent()
    {
        _framesSent++;
        _total.FramesSent++;
    }

    public void FrameReceived()
    {
        _framesReceived++;
        _total.FramesReceived++;
    }

    public void Malformed()
    {
        _malformedFrames++;
        _total.MalformedFrames++;
    }

    public void Replayed()
    {
        _replayedFrames++;
        _total.ReplayedFrames++;
    }

    public void Forged()
    {
        _forgedFrames++;
        _total.ForgedFrames++;
    }

    public void TooOld()
    {
        _tooOldFrames++;
        _total.TooOldFrames++;
    }

    public void Repeated()
    {
        Add(RealTimeCount.RepeatedMessages);
        _total.RepeatedMessages++;
    }

    public void NotRepeated()
    {
        Add(RealTimeCount.LostMessages);
        _total.LostMessages++;
    }

    public void Copied()
    {
        Add(RealTimeCount.CopiedMessages);
        _total.CopiedMessages++;
    }

    public void Held()
    {
        Add(RealTimeCount.HeldMessages);
        _total.HeldMessages++;
    }

    public void FilledGap()
    {
        Add(RealTimeCount.FilledGaps);
        _total.FilledGaps++;
    }

    public void Saved()
    {
        Add(RealTimeCount.SavedMessages);
        _total.SavedMessages++;
    }

    public void Duplicated() => Add(RealTimeCount.SentTwice);

    /// <summary>A real-time message came over a second path.</summary>
    /// <param name="isFirst">It has not come before.</param>
    public void CameOverSecond(bool isFirst)
    {
        Add(RealTimeCount.ReceivedTwice);
        if (isFirst)
            Add(RealTimeCount.FirstOnSecond);
    }

    /// <summary>A real-time message came that the second path had delivered already.</summary>
    public void CameAfterSecond() => Add(RealTimeCount.FirstAfterSecond);

    public void Moved(PathChange change)
    {
        _moves ??= new long[Enum.GetValues<PathChange>().Length];
        _moves[(int)change]++;
    }

    public void Doubted() => Add(RealTimeCount.DoubtfulPaths);

    public void UnknownElement()
    {
        _unknownElements++;
        _total.UnknownElements++;
    }

    public void Late()
    {
        _lateMessages++;
        _total.LateMessages++;
    }

    public void Skipped(long places)
    {
        _skippedMessages += places;
        _total.SkippedMessages += places;
    }

    public void Duplicate()
    {
        _duplicateMessages++;
        _total.DuplicateMessages++;
    }

    public void OfEndedStream()
    {
        _endedStreamMessages++;
        _total.EndedStreamMessages++;
    }

    public void Evicted()
    {
        _evictedStreams++;
        _total.EvictedStreams++;
    }

    public void NotDelivered(UndeliveredReason reason, long count)
    {
        _undelivered ??= new long[s_reasons];
        _undelivered[(int)reason] += count;
        _total.NotDelivered(reason, count);
    }

    public void RaisedEvent(PeerEventKind kind)
    {
        _events ??= new long[s_kinds];
        _events[(int)kind]++;
        _total.RaisedEvent(kind);
    }

    private void Add(RealTimeCount count)
    {
        _realTime ??= new long[(int)RealTimeCount.Count];
        _realTime[(int)count]++;
    }

    private static long Count(long[]? counts, int index) => counts is null ? 0 : Volatile.Read(ref counts[index]);

    // Of real-time messages over media that may lose them, and over several paths.
    private enum RealTimeCount
    {
        RepeatedMessages,
        LostMessages,
        CopiedMessages,
        HeldMessages,
        FilledGaps,
        SavedMessages,
        SentTwice,
        ReceivedTwice,
        FirstOnSecond,
        FirstAfterSecond,
        DoubtfulPaths,
        Count,
    }
}
