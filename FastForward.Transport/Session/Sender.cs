using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The sending half of an association: streams, the bounded send store, credit, and the content of the next frame.
/// Credit is used when a message is accepted, so stored messages are written without checking credit again.
/// </summary>
internal sealed partial class Sender
{
    private readonly uint _peer;
    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly PeerStatistics _statistics;
    private readonly OutgoingMessagePool _pool;
    private readonly SendStreamTable _streams;
    private readonly ReadyStreams _ready = new();

    public Sender(
        uint peer,
        SessionOptions options,
        ISessionEvents events,
        PeerStatistics statistics,
        OutgoingMessagePool pool
    )
    {
        _peer = peer;
        _options = options;
        _events = events;
        _statistics = statistics;
        _pool = pool;
        _streams = new SendStreamTable(options.MaxStreams);
        CopyPolicy = new CopyPolicy(options.RealTimeRedundancy);
        _waitingReliable = new WaitingSenders(options.MaxStreams * 2);
        _waitingRealTime = new WaitingSenders(options.MaxStreams * 2);
    }

    /// <summary>Unacknowledged entries of reliable streams: messages, end marks and resets.</summary>
    public long Unacknowledged { get; private set; }

    /// <summary>Unacknowledged messages of reliable streams, without end marks and resets.</summary>
    public long UnacknowledgedMessages { get; private set; }

    /// <summary>Reliable messages are not acknowledged, or their senders wait for room.</summary>
    public bool HasWaitingReliable => UnacknowledgedMessages > 0 || _waitingReliable.Count > 0;

    /// <summary>Nothing remains that could still be delivered.</summary>
    public bool IsDrained => !HasRealTimeOutput && !HasRepeats && _awaited.Oldest is null && Unacknowledged == 0;

    public bool HasReliableOutput => !_ready.IsEmpty;

    /// <summary>Accepts a message, or tells why not.</summary>
    /// <param name="now">The time.</param>
    /// <param name="id">The stream.</param>
    /// <param name="messageClass">The class of the stream.</param>
    /// <param name="payload">The content, which is copied.</param>
    /// <param name="end">It is the last message of the stream.</param>
    /// <param name="isImportant">A real-time message is sent more than once where it may be lost.</param>
    /// <param name="realTimeBudget">
    /// How long a real-time message may wait to be written, in microseconds; 0 for no limit, null for the default.
    /// </param>
    /// <param name="waited">How long the message has waited already, in microseconds: part of budget and age.</param>
    public SendResult Send(
        long now,
        ulong id,
        MessageClass messageClass,
        ReadOnlySpan<byte> payload,
        bool end,
        bool isImportant = false,
        long? realTimeBudget = null,
        long waited = 0
    )
    {
        SendStatus status = _streams.Check(id, messageClass, out SendStream? stream);
        WaitingSenders waiting = Waiting(messageClass);
        bool hasTurn = !waiting.IsBehind(id);
        bool hadReservation = waiting.Release(id);
        long budget = messageClass == MessageClass.RealTime ? realTimeBudget ?? _options.RealTimeBudget : 0;
        if (status == SendStatus.Accepted && hasTurn && messageClass == MessageClass.RealTime)
        {
            DropOldestAwaited(payload.Length);
            if (budget == 0)
                DropOldest(now, payload.Length);
        }

        if (status == SendStatus.Accepted && !(hasTurn && HasRoom(stream, messageClass, payload.Length)))
            status = Wait(id, stream, messageClass, payload.Length);
        ulong sequence = 0;
        if (status == SendStatus.Accepted)
        {
            OutgoingMessage message = _pool.Rent(payload);
            message.Budget = budget;
            message.Waited = waited;
            message.IsImportant = isImportant;
            stream ??= _streams.Open(id, messageClass);
            sequence = Accept(now, stream, message, OutgoingKind.Message, end);
            hadReservation |= waiting.Remove(id); // it may have waited with a larger message
        }

        if (hadReservation)
            NotifyWritable(messageClass); // what it did not use
        return new SendResult(status, sequence);
    }

    /// <summary>
    /// Ends a stream with a mark. It needs neither credit nor room, so the call is never back-pressured.
    /// </summary>
    public SendStatus End(long now, ulong id)
    {
        if (_streams.Find(id) is not { IsEnded: false } stream)
            return SendStatus.StreamEnded;
        Accept(now, stream, _pool.Rent([]), OutgoingKind.EndMark, end: true);
        return SendStatus.Accepted;
    }

    public SendStatus Reset(long now, ulong id, uint code)
    {
        if (_streams.Find(id) is not { IsReset: false } stream)
            return SendStatus.StreamEnded;
        Abort(now, stream, code, UndeliveredReason.StreamReset);
        return SendStatus.Accepted;
    }

    /// <summary>Fills the rest of a frame with reliable messages.</summary>
    public void WriteReliable(ref FrameBuilder frame) => _ready.Write(ref frame);

    /// <summary>The peer acknowledges everything below a sequence of a stream, and grants credit.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="next">The low 32 bits of the first sequence that is not acknowledged.</param>
    /// <param name="creditUsed">The low 32 bits of the credit that the peer has counted on the stream.</param>
    /// <param name="limit">The credit limit of the stream.</param>
    public void Acknowledge(ulong id, uint next, uint creditUsed, ulong limit)
    {
        if (_streams.Find(id) is not { Class: MessageClass.Reliable } stream)
            return;
        if (!TryAcknowledge(stream, next))
            return;
        stream.CreditLimit = Math.Max(stream.CreditLimit, limit);
        if (stream.IsEnded && stream.First is null)
        {
            ReturnUnusedCredit(stream, creditUsed);
            Close(stream);
        }

        _wasRoomFreed = true;
    }

    /// <summary>The peer accepts no more messages of a stream.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="next">The low 32 bits of the first sequence that was not delivered.</param>
    /// <param name="creditUsed">The low 32 bits of the credit that the peer has counted on the stream.</param>
    public void Refused(ulong id, uint next, uint creditUsed)
    {
        if (_streams.Find(id) is not { } stream)
            return;
        if (stream.Class == MessageClass.Reliable && !TryAcknowledge(stream, next))
            return;
        Abandon(stream, UndeliveredReason.StreamReset);
        stream.IsEnded = true;
        ReturnUnusedCredit(stream, creditUsed);
        Close(stream);
        _wasRoomFreed = true;
    }

    /// <summary>A message, or a part of one, has arrived.</summary>
    public void OnArrived(in SentElement element)
    {
        if (!element.IsStored)
            return;
        if (element.Message!.Stream!.Class == MessageClass.RealTime)
            OnRealTimeArrived(element.Message);
        else
            element.Message.Arrived.Add(element.Offset, element.Offset + element.Length);
    }

    /// <summary>A message, or a part of one, was lost: it is written again if it still matters.</summary>
    /// <param name="now">The time.</param>
    /// <param name="element">The message.</param>
    /// <param name="frame">The frame that carried it.</param>
    /// <returns>Whether it is written again.</returns>
    public bool OnLost(long now, in SentElement element, ulong frame)
    {
        if (!element.NeedsRepeat)
            return false;
        if (element.Message!.Stream!.Class == MessageClass.RealTime)
            return element.Message.LastFrame == frame && OnRealTimeLost(now, element.Message); // not written since
        _ready.Repeat(element);
        return true;
    }

    /// <summary>Schedules everything that is unacknowledged for retransmission on another path.</summary>
    public void Rewind()
    {
        _ready.ForgetLost();
        foreach (SendStream stream in _streams.All)
        {
            if (stream.First is null)
                continue;
            stream.Rewind();
            _ready.Add(stream);
        }
    }

    private bool TryAcknowledge(SendStream stream, uint next)
    {
        // The 32 bits are extended to the number nearest to the last acknowledged one. A lower number is an old
        // acknowledgement that arrived late on another path: its sequence is ignored.
        int step = (int)(next - (uint)stream.Acknowledged);
        ulong acknowledged = stream.Acknowledged + (ulong)Math.Max(step, 0);
        if (acknowledged > stream.Written)
        {
            _statistics.Malformed();
            return false;
        }

        while (stream.First is { } first && first.Sequence < acknowledged)
            Release(stream.RemoveFirst(), MessageClass.Reliable);
        stream.Acknowledged = acknowledged;
        return true;
    }

    private ulong Accept(long now, SendStream stream, OutgoingMessage message, OutgoingKind kind, bool end)
    {
        message.Kind = kind;
        message.IsEnd = end;
        message.AcceptedAt = now;
        message.Sequence = stream.NextSequence++;
        stream.IsEnded = end;
        int stored = message.Length + StoreOverheadPerMessage;
        if (stream.Class == MessageClass.RealTime)
        {
            _realTimeBytes += stored;
            _realTime.Enqueue(stream, message);
            if (_secondPath != 0)
                Duplicate(message);
            return message.Sequence;
        }

        _reliableBytes += stored;
        if (kind == OutgoingKind.Message)
        {
            ulong cost = (ulong)(message.Length + WireFormat.CreditPerMessage);
            stream.CreditUsed += cost;
            _creditUsed += cost;
        }

        Unacknowledged++;
        if (kind == OutgoingKind.Message)
            UnacknowledgedMessages++;
        stream.Append(message);
        _ready.Add(stream);
        return message.Sequence;
    }

    private void Release(OutgoingMessage message, MessageClass messageClass)
    {
        int stored = message.Length + StoreOverheadPerMessage;
        if (messageClass == MessageClass.RealTime)
        {
            _realTimeBytes -= stored;
        }
        else
        {
            _reliableBytes -= stored;
            Unacknowledged--;
            if (message.Kind == OutgoingKind.Message)
                UnacknowledgedMessages--;
        }

        _pool.Return(message);
    }

    private void Close(SendStream stream)
    {
        _streams.Close(stream);
        if (!Waiting(stream.Class).Remove(stream.Id))
            return;
        _writable.Add(stream.Id); // the next send returns StreamEnded
        Notify();
    }
}
