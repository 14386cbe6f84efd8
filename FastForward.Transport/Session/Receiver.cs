using FastForward.Transport.Buffers;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The receiving half of an association: puts messages in order, hands them on, and owes acknowledgements and credit.
/// </summary>
internal sealed partial class Receiver
{
    // Half of what a sender starts with: the acknowledgement is back before the rest is used up.
    private const int StreamAckThreshold = WireFormat.InitialStreamCredit / 2;
    private const int AssociationAckThreshold = WireFormat.InitialAssociationCredit / 2;
    private const int LeastAnswers = 4096;

    private readonly uint _peer;
    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly PeerStatistics _statistics;
    private readonly BufferPool _buffers;
    private readonly KeptCredit _kept;
    private readonly ReceiveStreamTable _streams = new();
    private readonly EndedStreams<EndedStream> _ended;
    private readonly Dictionary<ulong, (bool Refuse, EndedStream Ended)> _answers = []; // to messages of ended streams
    private readonly Queue<ReceiveStream> _acks = new();
    private readonly ulong _streamWindow;

    private bool _creditPending;
    private ulong _creditUsed;
    private long _unacknowledged;
    private long _partialBytes;
    private long _ackDue = long.MaxValue;

    public Receiver(
        uint peer,
        SessionOptions options,
        ISessionEvents events,
        PeerStatistics statistics,
        BufferPool buffers,
        KeptCredit kept
    )
    {
        _peer = peer;
        _options = options;
        _events = events;
        _statistics = statistics;
        _buffers = buffers;
        _kept = kept;
        // The peer's limit of streams may be higher than ours.
        _ended = new EndedStreams<EndedStream>(Math.Max(options.MaxStreams * 4, LeastAnswers));
        _streamWindow = (ulong)Math.Max(options.ReceiveWindowBytes / 4, WireFormat.InitialStreamCredit);
    }

    /// <summary>When acknowledgements must leave, even without company; long.MaxValue when none is owed.</summary>
    public long OutputDue => _ackDue;

    // A sender has no more streams open than its limit, so one that follows the rules does not come near this.
    private bool HasTooManyAnswersPending =>
        _acks.Count + _answers.Count >= Math.Max(_options.MaxStreams * 4, LeastAnswers);

    /// <summary>Takes a message or a part of one.</summary>
    /// <returns>False when the peer exceeds its credit, or makes this side owe more answers than it may: the path has to end.</returns>
    public bool Message(long now, in MessageElement message, bool reliablePath)
    {
        MessageClass messageClass = message.IsRealTime ? MessageClass.RealTime : MessageClass.Reliable;
        ReceiveStream? stream = _streams.Use(message.Stream);
        if (stream is null)
        {
            if (HasTooManyAnswersPending)
                return false;
            if (messageClass == MessageClass.Reliable && KeepsTooMuchOfFormerLives)
                Refuse(now, message.Stream);
            if (_ended.TryGet(message.Stream, out EndedStream ended))
            {
                MessageOfEndedStream(now, message, ended);
                return true;
            }

            stream = Open(message.Stream, messageClass);
        }

        if (stream.Class != messageClass || (messageClass == MessageClass.Reliable && !reliablePath))
        {
            _statistics.Malformed();
            return true;
        }

        if (messageClass == MessageClass.Reliable)
            return Reliable(now, stream, message);
        RealTime(stream, message);
        return true;
    }

    /// <summary>The sender gave a stream up.</summary>
    /// <returns>As of <see cref="Message"/>.</returns>
    public bool Reset(long now, ulong id, uint sequence, uint code, bool reliablePath)
    {
        ReceiveStream? stream = _streams.Use(id);
        if (stream is null)
        {
            if (HasTooManyAnswersPending)
                return false;
            if (!_ended.TryGet(id, out EndedStream ended))
            {
                // Its first messages were given up before they left. The application may be waiting for them.
                _ended.Add(id, new EndedStream((ulong)sequence + 1, 0));
                NotifyEnd(id, StreamEndReason.Reset, code, 0);
            }
            else if ((int)(sequence - (uint)ended.End) is >= 0 and int beyond)
            {
                // The stream had ended here before its sender gave it up: the reset has to be acknowledged all the same.
                _ended.Update(id, ended with { End = ended.End + (ulong)beyond + 1 });
            }

            if (reliablePath)
                Answer(now, id, refuse: false);
            return true;
        }

        int step = (int)(sequence - (uint)stream.Expected);
        if (step < 0)
            return true;
        stream.Expected += (ulong)step + 1;
        if (stream.Class == MessageClass.Reliable)
            ScheduleAck(now, stream, 0);
        End(stream, StreamEndReason.Reset, code, 0);
        return true;
    }

    /// <summary>The application takes no more of a stream, which it need not have seen yet. It is not told of the end.</summary>
    public void Refuse(long now, ulong id)
    {
        if (_streams.Use(id) is { } stream)
        {
            Forget(stream);
            Answer(now, id, refuse: true);
        }
        else if (!_ended.Contains(id))
        {
            _ended.Add(id, default); // its first message is answered
        }
    }

    /// <summary>Puts what is owed into the frame, as far as it fits.</summary>
    public void Write(ref FrameWriter frame)
    {
        if (_acks.Count == 0 && _answers.Count == 0 && !_creditPending)
            return;
        if (_creditPending)
        {
            if (frame.Room < WireFormat.Credit)
                return;
            frame.WriteCredit(Limit());
            _unacknowledged = 0;
            _creditPending = false;
        }

        if (!WriteAnswers(ref frame))
            return;
        while (_acks.TryPeek(out ReceiveStream? stream))
        {
            if (frame.Room < WireFormat.StreamAck)
                return;
            frame.WriteStreamAck(stream.Id, stream.Expected, stream.CreditUsed, Limit(stream));
            stream.Unacknowledged = 0;
            stream.IsAckPending = false;
            _acks.Dequeue();
        }

        _ackDue = long.MaxValue;
    }

    /// <summary>The association is dead: all streams end.</summary>
    public void FailAll(StreamEndReason reason)
    {
        while (_streams.Oldest is { } stream)
            End(stream, reason, 0, 0);
    }

    private ReceiveStream Open(ulong id, MessageClass messageClass)
    {
        if (_streams.Count >= _options.MaxStreams)
        {
            _statistics.Evicted();
            End(_streams.Oldest!, StreamEndReason.Evicted, 0, 0);
        }

        ReceiveStream stream = new(id, messageClass);
        _streams.Add(stream);
        return stream;
    }

    private void RealTime(ReceiveStream stream, in MessageElement message)
    {
        // A stream whose first messages were lost is met in its middle: its sequence counts from 0 all the same.
        long step = stream.Expected == 0 ? message.Sequence : (int)(message.Sequence - (uint)stream.Expected);
        if (step < 0)
        {
            _statistics.Late();
            return;
        }

        ulong sequence = stream.Expected + (ulong)step;
        stream.Expected = sequence + 1;
        _statistics.Skipped(step);
        if (message.IsEnd)
            Forget(stream);
        if (!message.IsMark)
            Deliver(stream, sequence, message.IsEnd, (ulong)step, message.Payload);
        if (message.IsEnd)
            NotifyEnd(stream.Id, StreamEndReason.Ended, 0, message.IsMark ? (ulong)step : 0);
    }

    private bool Reliable(long now, ReceiveStream stream, in MessageElement message)
    {
        int step = (int)(message.Sequence - (uint)stream.Expected);
        if (step < 0)
        {
            _statistics.Duplicate();
            ScheduleAck(now, stream, 0);
            return true;
        }

        // A gap on a reliable path: this side has forgotten the stream, or the peer breaks the rules. Nothing would fill
        // it, so the sender has to know.
        if (step > 0)
        {
            Refuse(now, stream);
            return true;
        }

        return message.IsFragment
            ? Fragment(now, stream, message)
            : Complete(now, stream, message.IsEnd, message.IsMark, message.Payload);
    }

    private bool Fragment(long now, ReceiveStream stream, in MessageElement message)
    {
        int have = stream.PartialLength;
        int repeated = have - message.Offset; // after a change of path the message begins again
        bool hasRoom =
            stream.Partial is not null || _partialBytes + WireFormat.MaxReliableMessage <= _options.ReceiveWindowBytes;
        if (repeated < 0 || !hasRoom)
        {
            Refuse(now, stream);
            return true;
        }

        if (stream.Partial is not { } partial)
        {
            stream.Partial = partial = _buffers.Rent(WireFormat.MaxReliableMessage);
            _partialBytes += WireFormat.MaxReliableMessage;
        }

        if (message.Payload.Length > repeated)
        {
            ReadOnlySpan<byte> fresh = message.Payload[repeated..];
            fresh.CopyTo(partial.AsSpan(have));
            stream.PartialLength = have + fresh.Length;
        }

        if (message.HasMore)
            return true;
        ReadOnlySpan<byte> payload = partial.AsSpan(0, stream.PartialLength);
        Detach(stream);
        bool isWithinCredit = Complete(now, stream, message.IsEnd, isMark: false, payload);
        _buffers.Return(partial);
        return isWithinCredit;
    }

    private bool Complete(long now, ReceiveStream stream, bool isEnd, bool isMark, ReadOnlySpan<byte> payload)
    {
        // Parts of it may have come over another path before: they are not the beginning of the next message.
        DropPartial(stream);
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

    // Below the end it is a repetition whose acknowledgement was lost, or a late one; above it the stream was evicted here.
    private void MessageOfEndedStream(long now, in MessageElement message, in EndedStream ended)
    {
        _statistics.OfEndedStream();
        bool isBeyond = (int)(message.Sequence - (uint)ended.End) >= 0;
        if (isBeyond || !message.IsRealTime)
            Answer(now, message.Stream, refuse: isBeyond);
    }

    private void Refuse(long now, ReceiveStream stream)
    {
        End(stream, StreamEndReason.Reset, 0, 0);
        Answer(now, stream.Id, refuse: true);
    }

    private void Answer(long now, ulong id, bool refuse)
    {
        // Its value is taken now: by the time of writing the stream may be forgotten.
        _ended.TryGet(id, out EndedStream ended);
        _answers[id] = (refuse || _answers.GetValueOrDefault(id).Refuse, ended);
        _creditPending |= !refuse;
        _ackDue = Math.Min(_ackDue, refuse ? now : now + _options.AckDelay);
    }

    private bool WriteAnswers(ref FrameWriter frame)
    {
        foreach ((ulong id, (bool refuse, EndedStream ended)) in _answers)
        {
            if (frame.Room < Math.Max(WireFormat.StreamAck, WireFormat.StreamRefused))
                return false;
            if (refuse)
                frame.WriteStreamRefused(id, 0, ended.CreditUsed);
            else
                frame.WriteStreamAck(id, ended.End, ended.CreditUsed, ended.CreditUsed + _streamWindow);
            _answers.Remove(id); // allowed while walking
        }

        return true;
    }

    private void ScheduleAck(long now, ReceiveStream stream, int cost)
    {
        stream.Unacknowledged += cost;
        ScheduleCredit(now, cost); // also with a repetition: the grant may have been lost together with the acknowledgement
        if (!stream.IsAckPending)
        {
            stream.IsAckPending = true;
            _acks.Enqueue(stream);
        }

        if (stream.Unacknowledged >= StreamAckThreshold)
            _ackDue = Math.Min(_ackDue, now);
    }

    private void End(ReceiveStream stream, StreamEndReason reason, uint code, ulong skipped)
    {
        Forget(stream);
        NotifyEnd(stream.Id, reason, code, skipped);
    }

    // Before the application is called: what it does inside the callback meets the stream as ended.
    private void Forget(ReceiveStream stream)
    {
        stream.IsEnded = true;
        _streams.Remove(stream);
        _ended.Add(stream.Id, new EndedStream(stream.Expected, stream.CreditUsed));
        DropPartial(stream);
    }

    private void DropPartial(ReceiveStream stream)
    {
        if (stream.Partial is not { } partial)
            return;
        Detach(stream);
        _buffers.Return(partial);
    }

    private void Detach(ReceiveStream stream)
    {
        stream.Partial = null;
        stream.PartialLength = 0;
        _partialBytes -= WireFormat.MaxReliableMessage;
    }

    private void NotifyEnd(ulong stream, StreamEndReason reason, uint code, ulong skipped) =>
        _events.StreamEnded(new StreamEnd(_peer, stream, reason, code, skipped));
}
