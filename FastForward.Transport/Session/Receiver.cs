using FastForward.Transport.Buffers;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The receiving half of an association: checks the order of messages, delivers them, and schedules acknowledgements
/// and credit.
/// </summary>
internal sealed partial class Receiver
{
    private readonly uint _peer;
    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly PeerStatistics _statistics;
    private readonly BufferPool _buffers;
    private readonly PeerHeldCredit _peerHeld;
    private readonly ReceiveStreamTable _streams = new();
    private readonly EndedStreams<EndedStream> _ended;
    private readonly ulong _streamWindow;

    private bool _creditPending;
    private ulong _creditUsed;
    private long _unacknowledged;

    public Receiver(
        uint peer,
        SessionOptions options,
        ISessionEvents events,
        PeerStatistics statistics,
        BufferPool buffers,
        PeerHeldCredit peerHeld
    )
    {
        _peer = peer;
        _options = options;
        _events = events;
        _statistics = statistics;
        _buffers = buffers;
        _peerHeld = peerHeld;
        // The peer's stream limit may be higher than the local one, hence the minimum.
        _ended = new EndedStreams<EndedStream>(Math.Max(options.MaxStreams * 4, MinEndedStreamLimit));
        ShortestBudget = RealTimeBudget.OrDefault(options.RealTimeBudget);
        _streamWindow = (ulong)Math.Max(options.ReceiveWindowBytes / 4, WireFormat.InitialStreamCredit);
    }

    /// <summary>Processes a message or a fragment of one.</summary>
    /// <param name="now">The time.</param>
    /// <param name="message">The message.</param>
    /// <param name="arrival">How its frame arrived.</param>
    /// <returns>
    /// False when the peer exceeds its credit or the limit of pending replies: the path must be closed.
    /// </returns>
    public bool Message(long now, in MessageElement message, in FrameArrival arrival)
    {
        MessageClass messageClass = message.IsRealTime ? MessageClass.RealTime : MessageClass.Reliable;
        ReceiveStream? stream = _streams.Use(message.Stream);
        if (stream is null)
        {
            if (HasTooManyPendingReplies)
                return false;
            if (messageClass == MessageClass.Reliable && IsWindowHeldByFormerAssociations)
                Refuse(now, message.Stream);
            if (TryGetEnded(message.Stream, out EndedStream ended))
            {
                MessageOfEndedStream(now, message, ended);
                return true;
            }

            stream = Open(now, message.Stream, messageClass);
        }

        if (stream.Class != messageClass)
        {
            _statistics.Malformed();
            return true;
        }

        if (messageClass == MessageClass.Reliable)
            return Reliable(now, stream, message, arrival.IsOrdered);
        RealTime(now, stream, message, arrival);
        return true;
    }

    /// <summary>The sender has reset a stream.</summary>
    /// <returns>See <see cref="Message"/>.</returns>
    public bool Reset(long now, ulong id, uint sequence, uint code)
    {
        ReceiveStream? stream = _streams.Use(id);
        if (stream is null)
        {
            if (HasTooManyPendingReplies)
                return false;
            if (!TryGetEnded(id, out EndedStream ended))
            {
                // All messages of the stream were dropped before they were sent. The application may be waiting for
                // them.
                ended = new EndedStream((ulong)sequence + 1, (ulong)sequence + 1, 0);
                _ended.Add(id, ended);
                NotifyEnd(id, StreamEndReason.Reset, code, 0);
            }
            else if ((int)(sequence - (uint)ended.End) is >= 0 and int beyond)
            {
                // The stream had already ended here. The reset must still be acknowledged.
                ulong end = ended.End + (ulong)beyond + 1;
                ended = ended with { End = end, Acknowledged = end };
                if (_withheld.Remove(id, out ReceiveStream? withheld))
                    (withheld.Expected, withheld.WithheldFrom) = (end, ulong.MaxValue);
                _ended.Set(id, ended);
            }

            Reply(now, id, ended, refuse: false);
            return true;
        }

        if (SequenceOf(stream, sequence) is not { } at)
            return true;
        DeliverHeld(now, stream, below: at);
        if (stream.IsEnded)
            return true;
        DropAllHeld(stream); // nothing follows a reset
        if (stream.Class == MessageClass.RealTime)
            SkipTo(stream, at);
        stream.Expected = at + 1;
        if (stream.Class == MessageClass.Reliable)
            ScheduleAck(now, stream, 0);
        End(now, stream, StreamEndReason.Reset, code);
        return true;
    }

    /// <summary>The class of an open stream; null when it is not open.</summary>
    public MessageClass? ClassOf(ulong id) => _streams.Find(id)?.Class;

    /// <summary>Refuses a stream for the application, also before its first message. Its end is not reported.</summary>
    public void Refuse(long now, ulong id)
    {
        if (_streams.Use(id) is { } stream)
        {
            Forget(stream);
            Reply(now, id, stream.AsEnded, refuse: true);
        }
        else if (!TryGetEnded(id, out _))
        {
            _ended.Add(id, default); // its first message is refused
        }
    }

    /// <summary>Ends all streams, because the association has ended.</summary>
    public void FailAll(long now, StreamEndReason reason)
    {
        while (_streams.Oldest is { } stream)
            End(now, stream, reason, 0);
    }

    private ReceiveStream Open(long now, ulong id, MessageClass messageClass)
    {
        if (_streams.Count >= _options.MaxStreams)
        {
            _statistics.Evicted();
            End(now, _streams.Oldest!, StreamEndReason.Evicted, 0);
        }

        ReceiveStream stream = new(id, messageClass);
        _streams.Add(stream);
        return stream;
    }

    // Null below the expected sequence.
    private static ulong? SequenceOf(ReceiveStream stream, uint sequence) =>
        (int)(sequence - (uint)stream.Expected) is >= 0 and int step ? stream.Expected + (ulong)step : null;

    private bool Reliable(long now, ReceiveStream stream, in MessageElement message, bool isOrdered)
    {
        int step = (int)(message.Sequence - (uint)stream.Expected);
        if (step < 0)
        {
            _statistics.Duplicate();
            ScheduleAck(now, stream, 0);
            return true;
        }

        // A gap on an ordered path: the stream is no longer remembered here, or the peer violates the protocol. The gap
        // would never be filled, so the stream is refused.
        if (step > 0 && isOrdered)
        {
            Refuse(now, stream);
            return true;
        }

        if (step > 0 || message.IsFragment)
            return Assemble(now, stream, stream.Expected + (ulong)step, message);
        DropWaiting(stream, stream.Expected);
        return Complete(now, stream, message.IsEnd, message.IsMark, message.Payload) && DeliverWhole(now, stream);
    }

    private bool Complete(long now, ReceiveStream stream, bool isEnd, bool isMark, ReadOnlySpan<byte> payload)
    {
        int cost = isMark ? 0 : payload.Length + WireFormat.CreditPerMessage;
        if (!HasCreditFor(stream, cost))
            return false;
        ulong sequence = stream.Expected++;
        stream.CreditUsed += (ulong)cost;
        _creditUsed += (ulong)cost;
        ScheduleAck(now, stream, cost);
        if (isEnd)
            Forget(stream);
        if (!isMark)
            Deliver(stream, sequence, isEnd, 0, payload);
        if (isEnd)
            NotifyEnd(stream.Id, StreamEndReason.Ended, 0, 0);
        return true;
    }

    private void Deliver(ReceiveStream stream, ulong sequence, bool isLast, ulong skipped, ReadOnlySpan<byte> payload)
    {
        _statistics.Received(payload.Length);
        _events.Message(
            new ReceivedMessage
            {
                Node = _peer,
                Stream = stream.Id,
                Sequence = sequence,
                Class = stream.Class,
                IsLast = isLast,
                SkippedBefore = skipped,
                Credit =
                    stream.Class == MessageClass.Reliable
                        ? new MessageCredit(_peer, this, stream, payload.Length + WireFormat.CreditPerMessage)
                        : default,
                Payload = payload,
            }
        );
    }

    // Below the end: a retransmission whose acknowledgement was lost, or a late message. Otherwise: the stream was
    // evicted.
    private void MessageOfEndedStream(long now, in MessageElement message, in EndedStream ended)
    {
        _statistics.OfEndedStream();
        bool isBeyond = (int)(message.Sequence - (uint)ended.End) >= 0;
        if (isBeyond || !message.IsRealTime)
            Reply(now, message.Stream, ended, refuse: isBeyond);
    }

    private void Refuse(long now, ReceiveStream stream)
    {
        End(now, stream, StreamEndReason.Reset, 0);
        Reply(now, stream.Id, stream.AsEnded, refuse: true);
    }

    private void End(long now, ReceiveStream stream, StreamEndReason reason, uint code)
    {
        DeliverHeld(now, stream, below: ulong.MaxValue); // nothing that is missing comes any more
        if (stream.IsEnded)
            return; // by what was held
        Forget(stream);
        NotifyEnd(stream.Id, reason, code, stream.Order?.Skipped ?? 0);
    }

    // Must be called before the callbacks, so that calls from inside them find the stream ended.
    private void Forget(ReceiveStream stream)
    {
        stream.IsEnded = true;
        _streams.Remove(stream);
        if (stream.WithheldFrom == ulong.MaxValue)
            _ended.Add(stream.Id, stream.AsEnded);
        else
            _withheld.TryAdd(stream.Id, stream);
        DropAllWaiting(stream);
        DropAllHeld(stream);
    }

    private void NotifyEnd(ulong stream, StreamEndReason reason, uint code, ulong skipped) =>
        _events.StreamEnded(new StreamEnd(_peer, stream, reason, code, skipped));
}
