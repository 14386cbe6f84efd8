using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The sending half of an association: streams, the bounded send store, credit, and the content of the next frame.
/// Credit is used when a message is accepted, so stored messages are written without checking credit again.
/// </summary>
internal sealed partial class Sender
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

    /// <summary>Bytes in the store: payload, and an overhead per message.</summary>
    public long StoredBytes { get; private set; }

    /// <summary>Unacknowledged entries of reliable streams: messages, end marks and resets.</summary>
    public long Unacknowledged { get; private set; }

    /// <summary>Unacknowledged messages of reliable streams, without end marks and resets.</summary>
    public long UnacknowledgedMessages { get; private set; }

    /// <summary>Unacknowledged reliable messages, or senders that wait for room, need a reliable path.</summary>
    public bool NeedsReliablePath => UnacknowledgedMessages > 0 || _streams.Waiting.Count > 0;

    /// <summary>Nothing in the store can be delivered over such a path.</summary>
    /// <param name="reliable">The path is reliable and ordered.</param>
    public bool IsDrained(bool reliable) => _realTime.IsEmpty && (!reliable || Unacknowledged == 0);

    public bool HasRealTimeOutput => !_realTime.IsEmpty;

    public bool HasReliableOutput => !_ready.IsEmpty;

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
    public void WriteReliable(ref FrameWriter frame) => _ready.Write(ref frame);

    /// <summary>The peer acknowledges everything below a sequence of a stream, and grants credit.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="next">The low 32 bits of the first sequence that is not acknowledged.</param>
    /// <param name="creditUsed">The low 32 bits of the credit that the peer has counted on the stream.</param>
    /// <param name="limit">The credit limit of the stream.</param>
    public void Acknowledge(ulong id, uint next, uint creditUsed, ulong limit)
    {
        if (_streams.Find(id) is not { Class: MessageClass.Reliable } stream)
            return;
        // The 32 bits are extended to the number nearest to the last acknowledged one. A lower number is an old
        // acknowledgement that arrived late on another path: its sequence is ignored.
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
            ReturnUnusedCredit(stream, creditUsed);
            Close(stream);
        }

        NotifyWritable();
    }

    public void GrantCredit(ulong limit)
    {
        _creditLimit = Math.Max(_creditLimit, limit);
        NotifyWritable();
    }

    /// <summary>The peer accepts no more messages of a stream.</summary>
    public void Refused(ulong id, uint creditUsed)
    {
        if (_streams.Find(id) is not { } stream)
            return;
        Abandon(stream, UndeliveredReason.StreamReset);
        stream.IsEnded = true;
        ReturnUnusedCredit(stream, creditUsed);
        Close(stream);
        NotifyWritable();
    }

    /// <summary>Schedules everything that is unacknowledged for retransmission on another path.</summary>
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

    private void Close(SendStream stream)
    {
        if (_streams.Close(stream))
            _events.Writable(_peer, stream.Id); // the next send returns StreamEnded
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
