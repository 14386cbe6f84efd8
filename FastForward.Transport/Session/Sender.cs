using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The sending half of an association: streams, the bounded send store, credit, and what goes into the next frame.
/// Credit is taken when a message is accepted, so whatever is in the store may be written without asking again.
/// </summary>
internal sealed class Sender
{
    private const int StoreOverheadPerMessage = 64;

    private readonly uint _peer;
    private readonly SessionOptions _options;
    private readonly ISessionEvents _events;
    private readonly PeerStatistics _statistics;
    private readonly OutgoingMessagePool _pool;
    private readonly SendStreamTable _streams;
    private readonly List<ulong> _writable = [];
    private readonly RealTimeQueue _realTime = new();
    private readonly ReadyStreams _ready = new();

    private ulong _creditUsed;
    private ulong _creditLimit = WireFormat.InitialAssociationCredit;

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
    }

    /// <summary>Payload and overhead in the store.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>Reliable messages that are not acknowledged.</summary>
    public long Unacknowledged { get; private set; }

    /// <summary>The messages among <see cref="Unacknowledged"/>, without marks and resets.</summary>
    public long UnacknowledgedMessages { get; private set; }

    /// <summary>A path that carries reliable messages is needed: to deliver them, or to make room for more.</summary>
    public bool NeedsReliablePath => UnacknowledgedMessages > 0 || _streams.Waiting.Count > 0;

    /// <summary>Nothing waits that a path could still deliver.</summary>
    /// <param name="reliable">The path keeps the promise of reliable streams.</param>
    public bool IsDrained(bool reliable) => _realTime.IsEmpty && (!reliable || Unacknowledged == 0);

    public bool HasOutput(bool reliable) => !_realTime.IsEmpty || (reliable && !_ready.IsEmpty);

    public SendResult Send(long now, ulong id, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end)
    {
        SendStatus status = _streams.Check(id, messageClass, out SendStream? stream);
        if (status == SendStatus.Accepted && !HasRoom(stream, messageClass, payload.Length))
            status = _streams.Wait(id, payload.Length);
        if (status != SendStatus.Accepted)
            return new SendResult(status, 0);
        stream ??= _streams.Open(id, messageClass);
        return new SendResult(status, Accept(now, stream, _pool.Rent(payload), OutgoingKind.Message, end));
    }

    /// <summary>Ends a stream with a mark, which needs no credit: the application cannot wait for room to end a stream.</summary>
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

    /// <summary>Fills the rest of a frame.</summary>
    /// <param name="now">The time.</param>
    /// <param name="reliable">The path keeps the promise of reliable streams.</param>
    /// <param name="frame">The frame being written.</param>
    public void Write(long now, bool reliable, ref FrameWriter frame)
    {
        WriteRealTime(now, ref frame);
        if (reliable && _realTime.IsEmpty)
            _ready.Write(ref frame);
    }

    /// <summary>The peer has everything of the stream below a sequence, and grants credit.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="next">The low half of the sequence.</param>
    /// <param name="creditUsed">The low half of the credit that the peer has counted on the stream.</param>
    /// <param name="limit">The credit limit of the stream.</param>
    public void Acknowledge(ulong id, uint next, uint creditUsed, ulong limit)
    {
        if (_streams.Find(id) is not { Class: MessageClass.Reliable } stream)
            return;
        // The low half of the sequence stands for the number nearest to what is acknowledged; one below it is an old
        // acknowledgement that another path brought late.
        int step = (int)(next - (uint)stream.Acknowledged);
        ulong acknowledged = stream.Acknowledged + (ulong)Math.Max(step, 0);
        if (acknowledged > stream.Written)
        {
            _statistics.Malformed();
            return;
        }

        while (stream.First is { } first && first.Sequence < acknowledged)
            Release(stream.RemoveFirst(), reliable: true);
        stream.Acknowledged = acknowledged;
        stream.CreditLimit = Math.Max(stream.CreditLimit, limit);
        if (stream.IsEnded && stream.First is null)
        {
            TakeBack(stream, creditUsed);
            Close(stream);
        }

        NotifyWritable();
    }

    public void GrantCredit(ulong limit)
    {
        _creditLimit = Math.Max(_creditLimit, limit);
        NotifyWritable();
    }

    /// <summary>The peer takes no more of a stream.</summary>
    public void Refused(ulong id, uint creditUsed)
    {
        if (_streams.Find(id) is not { } stream)
            return;
        Abandon(stream, UndeliveredReason.StreamReset);
        stream.IsEnded = true;
        TakeBack(stream, creditUsed);
        Close(stream);
        NotifyWritable();
    }

    /// <summary>The path that carried the frames is gone: what is not acknowledged goes out again on the next one.</summary>
    public void Rewind()
    {
        foreach (SendStream stream in _streams.All)
        {
            if (stream.First is null)
                continue;
            stream.Rewind();
            _ready.Add(stream);
        }
    }

    /// <summary>Gives everything in the store up and reports it.</summary>
    public void FailAll(UndeliveredReason reason)
    {
        foreach (SendStream stream in _streams.All)
            Abandon(stream, reason);
    }

    /// <summary>
    /// Notifies every sender that waits for room: the room they wait for does not come any more. Their next send meets a new
    /// association, or is answered with the reason.
    /// </summary>
    public void NotifyAllWaiting()
    {
        foreach (ulong id in _streams.Waiting.Keys)
            _events.Writable(_peer, id);
        _streams.Waiting.Clear();
    }

    /// <summary>Gives the reliable messages up and reports them; their streams are reset as soon as a path can tell it.</summary>
    public void FailReliable(long now, UndeliveredReason reason)
    {
        foreach (SendStream stream in _streams.All)
        {
            if (stream is { First.Kind: OutgoingKind.Message })
                Abort(now, stream, 0, reason);
        }

        NotifyAllWaiting();
    }

    private bool HasRoom(SendStream? stream, MessageClass messageClass, int length)
    {
        if (StoredBytes + length + StoreOverheadPerMessage > _options.SendStoreBytes)
            return false;
        if (messageClass == MessageClass.RealTime)
            return true;
        ulong cost = (ulong)(length + WireFormat.CreditPerMessage);
        return _creditUsed + cost <= _creditLimit
            && (stream?.CreditUsed ?? 0) + cost <= (stream?.CreditLimit ?? WireFormat.InitialStreamCredit);
    }

    private ulong Accept(long now, SendStream stream, OutgoingMessage message, OutgoingKind kind, bool end)
    {
        message.Kind = kind;
        message.IsEnd = end;
        message.AcceptedAt = now;
        message.Sequence = stream.NextSequence++;
        stream.IsEnded = end;
        StoredBytes += message.Length + StoreOverheadPerMessage;
        if (stream.Class == MessageClass.RealTime)
        {
            _realTime.Enqueue(stream, message);
            return message.Sequence;
        }

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

    private void WriteRealTime(long now, ref FrameWriter frame)
    {
        bool freed = false;
        while (_realTime.Head is { Stream: { } stream } message)
        {
            long age = now - message.AcceptedAt;
            bool isExpired =
                message.Kind == OutgoingKind.Message && _options.RealTimeBudget > 0 && age > _options.RealTimeBudget;
            if (!isExpired && !TryWriteRealTime(stream, message, age, ref frame))
                break;
            _realTime.Dequeue(stream);
            if (isExpired)
                Report(stream.Id, message.Sequence, 1, UndeliveredReason.Expired);
            freed = true;
            if (message.IsEnd)
                Close(stream);
            Release(message, reliable: false);
        }

        if (freed)
            NotifyWritable();
    }

    private bool TryWriteRealTime(SendStream stream, OutgoingMessage message, long age, ref FrameWriter frame)
    {
        if (message.Kind == OutgoingKind.Reset)
        {
            if (frame.Room < WireFormat.StreamReset)
                return false;
            frame.WriteStreamReset(stream.Id, message.Sequence, message.Code);
            return true;
        }

        if (frame.Room < WireFormat.MessageHeader + WireFormat.RealTimeFields + message.Length)
            return false;
        frame.WriteRealTime(
            stream.Id,
            message.Sequence,
            message.Bits,
            (int)(_options.RealTimeBudget / 1000),
            age,
            message.Payload
        );
        return true;
    }

    // Takes a stream's messages out of the store and reports them as one run.
    private void Abandon(SendStream stream, UndeliveredReason reason)
    {
        ulong first = stream.First?.Sequence ?? 0;
        ulong count = 0;
        while (stream.First is not null)
            Drop(stream.RemoveFirst(), isReliable: true);
        MessageQueue unsent = _realTime.Remove(stream);
        while (!unsent.IsEmpty)
        {
            OutgoingMessage message = unsent.RemoveHead();
            if (count == 0)
                first = message.Sequence;
            Drop(message, isReliable: false);
        }

        stream.Acknowledged = stream.NextSequence;
        stream.Written = stream.NextSequence;
        if (count > 0)
            Report(stream.Id, first, count, reason);

        void Drop(OutgoingMessage message, bool isReliable)
        {
            if (message.Kind == OutgoingKind.Message)
                count++;
            Release(message, isReliable);
        }
    }

    private void Report(ulong stream, ulong first, ulong count, UndeliveredReason reason)
    {
        _statistics.NotDelivered(reason, (long)count);
        _events.Undelivered(new Undelivered(_peer, stream, first, count, reason));
    }

    private void Release(OutgoingMessage message, bool reliable)
    {
        StoredBytes -= message.Length + StoreOverheadPerMessage;
        if (reliable)
        {
            Unacknowledged--;
            if (message.Kind == OutgoingKind.Message)
                UnacknowledgedMessages--;
        }

        _pool.Return(message);
    }

    private void Abort(long now, SendStream stream, uint code, UndeliveredReason reason)
    {
        Abandon(stream, reason);
        stream.IsReset = true;
        OutgoingMessage reset = _pool.Rent([]);
        reset.Code = code;
        Accept(now, stream, reset, OutgoingKind.Reset, end: true);
    }

    // The peer never counted what was given up before it arrived; without this each reset would narrow the association's
    // credit for good.
    private void TakeBack(SendStream stream, uint creditUsed) =>
        _creditUsed -= Math.Min((uint)stream.CreditUsed - creditUsed, stream.CreditUsed);

    private void Close(SendStream stream)
    {
        if (_streams.Close(stream))
            _events.Writable(_peer, stream.Id); // the next send answers that the stream has ended
    }

    private void NotifyWritable()
    {
        Dictionary<ulong, int> waiting = _streams.Waiting;
        if (waiting.Count == 0)
            return;
        foreach ((ulong id, int length) in waiting)
        {
            SendStream? stream = _streams.Find(id);
            if (HasRoom(stream, stream?.Class ?? MessageClass.Reliable, length))
                _writable.Add(id);
        }

        foreach (ulong id in _writable)
        {
            waiting.Remove(id);
            _events.Writable(_peer, id);
        }

        _writable.Clear();
    }
}
