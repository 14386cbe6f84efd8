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
    private readonly MessagePool _pool;
    private readonly Dictionary<ulong, SendStream> _streams = [];
    private readonly EndedStreams<ulong> _ended;
    private readonly Dictionary<ulong, int> _refused = [];
    private readonly List<ulong> _writable = [];
    private readonly RealTimeQueue _realTime = new();
    private readonly ReadyStreams _ready = new();

    private SendStream? _recent;
    private ulong _creditUsed;
    private ulong _creditLimit = WireFormat.InitialAssociationCredit;

    public Sender(uint peer, SessionOptions options, ISessionEvents events, PeerStatistics statistics, MessagePool pool)
    {
        _peer = peer;
        _options = options;
        _events = events;
        _statistics = statistics;
        _pool = pool;
        _ended = new EndedStreams<ulong>(options.MaxStreams * 4);
    }

    /// <summary>Payload and overhead in the store.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>Reliable messages that are not acknowledged.</summary>
    public long Unacknowledged { get; private set; }

    /// <summary>The messages among <see cref="Unacknowledged"/>; the others are marks and resets, which nobody misses.</summary>
    public long UnacknowledgedMessages { get; private set; }

    /// <summary>Somebody waits for a path that carries reliable messages: for their delivery, or for room to send more.</summary>
    public bool IsAwaited => UnacknowledgedMessages > 0 || _refused.Count > 0;

    /// <summary>Nothing waits that a path could still deliver.</summary>
    /// <param name="reliable">The path keeps the promise of reliable streams.</param>
    public bool IsDrained(bool reliable) => _realTime.IsEmpty && (!reliable || Unacknowledged == 0);

    public bool HasOutput(bool reliable) => !_realTime.IsEmpty || (reliable && !_ready.IsEmpty);

    public SendResult Send(long now, ulong id, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end)
    {
        SendStatus status = Open(id, messageClass, payload.Length, out SendStream? stream);
        return status == SendStatus.Accepted
            ? new SendResult(status, Accept(now, stream!, _pool.Rent(payload), OutgoingKind.Message, end))
            : new SendResult(status, 0);
    }

    /// <summary>Ends a stream with a mark of its own, which needs no credit: the application cannot wait for it.</summary>
    public SendStatus End(long now, ulong id)
    {
        if (!_streams.TryGetValue(id, out SendStream? stream) || stream.IsEnded)
            return SendStatus.StreamEnded;
        Accept(now, stream, _pool.Rent(0), OutgoingKind.EndMark, end: true);
        return SendStatus.Accepted;
    }

    public SendStatus Reset(long now, ulong id, uint code)
    {
        if (!_streams.TryGetValue(id, out SendStream? stream) || stream.IsReset)
            return SendStatus.StreamEnded;
        GiveUp(now, stream, code, UndeliveredReason.StreamReset);
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
        if (!_streams.TryGetValue(id, out SendStream? stream) || stream.Class != MessageClass.Reliable)
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
        if (!_streams.TryGetValue(id, out SendStream? stream))
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
        foreach (SendStream stream in _streams.Values)
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
        foreach (SendStream stream in _streams.Values)
            Abandon(stream, reason);
    }

    /// <summary>
    /// Calls everybody who was back-pressured: what they waited for does not come any more. In the next association there is
    /// all the room there is; where the path carries no reliable messages they are told so.
    /// </summary>
    public void CallAll()
    {
        foreach (ulong id in _refused.Keys)
            _events.Writable(_peer, id);
        _refused.Clear();
    }

    /// <summary>Gives the reliable messages up and reports them; their streams are reset as soon as a path can tell it.</summary>
    public void FailReliable(long now, UndeliveredReason reason)
    {
        foreach (SendStream stream in _streams.Values)
        {
            if (stream is { First.Kind: OutgoingKind.Message })
                GiveUp(now, stream, 0, reason);
        }

        CallAll();
    }

    private SendStatus Open(ulong id, MessageClass messageClass, int length, out SendStream? stream)
    {
        stream = _recent is { } recent && recent.Id == id ? recent : null;
        if (stream is null && !_streams.TryGetValue(id, out stream))
        {
            if (_ended.Contains(id))
                return SendStatus.StreamEnded;
            if (_streams.Count >= _options.MaxStreams)
                return SendStatus.TooManyStreams;
        }

        if (stream is { IsEnded: true })
            return SendStatus.StreamEnded;
        if (stream is not null && stream.Class != messageClass)
            return SendStatus.WrongClass;
        if (!HasRoom(stream, messageClass, length))
        {
            // Back-pressure is a promise to call back, which needs a place to remember it.
            if (_refused.Count >= _options.MaxStreams * 2 && !_refused.ContainsKey(id))
                return SendStatus.TooManyStreams;
            _refused[id] = length;
            return SendStatus.BackPressured;
        }

        if (stream is null)
        {
            stream = new SendStream(id, messageClass);
            _streams.Add(id, stream);
        }

        _recent = stream;
        return SendStatus.Accepted;
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
            message.Stream = stream;
            _realTime.Enqueue(message);
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
        while (_realTime.Head is { } message)
        {
            SendStream stream = message.Stream!;
            long age = now - message.AcceptedAt;
            if (message.Kind == OutgoingKind.Message && _options.RealTimeBudget > 0 && age > _options.RealTimeBudget)
            {
                _realTime.Dequeue();
                Report(stream.Id, message.Sequence, 1, UndeliveredReason.Expired);
            }
            else
            {
                if (!TryWriteRealTime(message, age, ref frame))
                    break;
                _realTime.Dequeue();
            }

            freed = true;
            if (message.IsEnd)
                Close(stream);
            Release(message, reliable: false);
        }

        if (freed)
            NotifyWritable();
    }

    private bool TryWriteRealTime(OutgoingMessage message, long age, ref FrameWriter frame)
    {
        SendStream stream = message.Stream!;
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
        for (OutgoingMessage? message = _realTime.TakeOut(stream), next; message is not null; message = next)
        {
            next = message.Next;
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

    private void GiveUp(long now, SendStream stream, uint code, UndeliveredReason reason)
    {
        Abandon(stream, reason);
        stream.IsReset = true;
        OutgoingMessage reset = _pool.Rent(0);
        reset.Code = code;
        Accept(now, stream, reset, OutgoingKind.Reset, end: true);
    }

    // The peer never counted what was given up before it arrived; without this each reset would narrow the association's
    // credit for good.
    private void TakeBack(SendStream stream, uint creditUsed) =>
        _creditUsed -= Math.Min((uint)stream.CreditUsed - creditUsed, stream.CreditUsed);

    private void Close(SendStream stream)
    {
        _streams.Remove(stream.Id);
        if (_refused.Remove(stream.Id))
            _events.Writable(_peer, stream.Id); // to hear that it has ended
        if (ReferenceEquals(_recent, stream))
            _recent = null;
        _ended.Add(stream.Id, stream.NextSequence);
    }

    private void NotifyWritable()
    {
        if (_refused.Count == 0)
            return;
        foreach ((ulong id, int length) in _refused)
        {
            _streams.TryGetValue(id, out SendStream? stream);
            if (HasRoom(stream, stream?.Class ?? MessageClass.Reliable, length))
                _writable.Add(id);
        }

        foreach (ulong id in _writable)
        {
            _refused.Remove(id);
            _events.Writable(_peer, id);
        }

        _writable.Clear();
    }
}
