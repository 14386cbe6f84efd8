using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Node;

/// <summary>
/// Delivers what a node sends to its own id, from a later duty cycle, so that actors need not know whether they share a
/// process.
/// </summary>
internal sealed class LocalDelivery(
    uint node,
    SessionOptions options,
    ISessionEvents events,
    PeerStatistics statistics,
    MessagePool pool
) : ICreditOwner
{
    private const int StoreOverheadPerMessage = 64; // empty messages are bounded as well

    private readonly Dictionary<ulong, SendStream> _streams = [];
    private readonly EndedStreams<bool> _ended = new(options.MaxStreams * 4);
    private readonly HashSet<ulong> _refused = [];
    private OutgoingMessage? _head;
    private OutgoingMessage? _tail;
    private long _storedBytes;
    private long _heldBytes; // of those, what the application holds

    public bool IsEmpty => _head is null;

    public SendResult Send(ulong id, MessageClass messageClass, ReadOnlySpan<byte> payload, bool end)
    {
        if (!_streams.TryGetValue(id, out SendStream? stream))
        {
            if (_ended.Contains(id))
                return new SendResult(SendStatus.StreamEnded, 0);
            if (_streams.Count >= options.MaxStreams)
                return new SendResult(SendStatus.TooManyStreams, 0);
        }
        else if (stream.IsEnded || stream.Class != messageClass)
        {
            return new SendResult(stream.IsEnded ? SendStatus.StreamEnded : SendStatus.WrongClass, 0);
        }

        // What the application keeps counts as stored, and no stream may fill the store with it: not even before it is
        // known that its messages are kept.
        int cost = payload.Length + StoreOverheadPerMessage;
        bool hasCredit =
            messageClass == MessageClass.RealTime || (stream?.Kept ?? 0) + cost <= WireFormat.InitialStreamCredit;
        if (!hasCredit || _storedBytes + cost > options.SendStoreBytes)
        {
            if (_refused.Count >= options.MaxStreams * 2 && !_refused.Contains(id))
                return new SendResult(SendStatus.TooManyStreams, 0);
            _refused.Add(id);
            return new SendResult(SendStatus.BackPressured, 0);
        }

        if (stream is null)
        {
            stream = new SendStream(id, messageClass);
            _streams.Add(id, stream);
        }

        statistics.Sent(payload.Length);
        return new SendResult(SendStatus.Accepted, Queue(stream, pool.Rent(payload), OutgoingKind.Message, end));
    }

    public SendStatus End(ulong id)
    {
        if (!_streams.TryGetValue(id, out SendStream? stream) || stream.IsEnded)
            return SendStatus.StreamEnded;
        Queue(stream, pool.Rent(0), OutgoingKind.EndMark, end: true);
        return SendStatus.Accepted;
    }

    public SendStatus Reset(ulong id, uint code)
    {
        if (!_streams.TryGetValue(id, out SendStream? stream) || stream.IsReset)
            return SendStatus.StreamEnded;
        stream.IsReset = true;
        OutgoingMessage reset = pool.Rent(0);
        reset.Code = code;
        Queue(stream, reset, OutgoingKind.Reset, end: true);
        return SendStatus.Accepted;
    }

    /// <summary>The application takes no more of a stream.</summary>
    public void Refuse(ulong id)
    {
        _ended.Add(id, true);
        if (!_streams.Remove(id, out SendStream? stream))
            return;
        stream.IsEnded = true;
        OutgoingMessage? message = _head;
        _head = _tail = null;
        ulong first = 0,
            count = 0;
        while (message is not null)
        {
            OutgoingMessage? next = message.Next;
            message.Next = null;
            if (ReferenceEquals(message.Stream, stream))
            {
                if (message.Kind == OutgoingKind.Message && count++ == 0)
                    first = message.Sequence;
                Take(message);
                pool.Return(message);
            }
            else
            {
                Append(message);
            }

            message = next;
        }

        if (count > 0)
        {
            statistics.NotDelivered(UndeliveredReason.StreamReset, (long)count);
            events.Undelivered(new Undelivered(node, id, first, count, UndeliveredReason.StreamReset));
        }

        NotifyWritable();
    }

    public void Hold(object stream, int bytes)
    {
        SendStream held = (SendStream)stream;
        held.Held += bytes;
        held.Kept += bytes;
        _heldBytes += bytes;
        _storedBytes += bytes;
    }

    public void Release(long now, object stream, int bytes)
    {
        SendStream held = (SendStream)stream;
        if (bytes > held.Held)
            throw new InvalidOperationException(
                $"{bytes} bytes of credit were released where {held.Held} are held: each message's credit is held once and released once."
            );
        held.Held -= bytes;
        held.Kept -= bytes;
        _heldBytes -= bytes;
        _storedBytes -= bytes;
        NotifyWritable();
    }

    /// <summary>Delivers up to <paramref name="budget"/> messages; what they provoke waits for the next call.</summary>
    public int Deliver(int budget)
    {
        int done = 0;
        OutgoingMessage? last = _tail;
        while (done < budget && _head is { } message)
        {
            done++;
            bool isLast = ReferenceEquals(message, last);
            _head = message.Next;
            if (_head is null)
                _tail = null;
            Take(message);
            Deliver(message);
            pool.Return(message);
            if (isLast)
                break;
        }

        if (done > 0)
            NotifyWritable();
        return done;
    }

    private ulong Queue(SendStream stream, OutgoingMessage message, OutgoingKind kind, bool end)
    {
        message.Kind = kind;
        message.IsEnd = end;
        message.Stream = stream;
        message.Sequence = stream.NextSequence++;
        stream.IsEnded = end;
        stream.Kept += message.Length + StoreOverheadPerMessage;
        _storedBytes += message.Length + StoreOverheadPerMessage;
        Append(message);
        return message.Sequence;
    }

    private void Take(OutgoingMessage message)
    {
        message.Stream!.Kept -= message.Length + StoreOverheadPerMessage;
        _storedBytes -= message.Length + StoreOverheadPerMessage;
    }

    private void Append(OutgoingMessage message)
    {
        if (_tail is null)
            _head = message;
        else
            _tail.Next = message;
        _tail = message;
    }

    private void Deliver(OutgoingMessage message)
    {
        SendStream stream = message.Stream!;
        if (message.IsEnd)
        {
            if (!_streams.Remove(stream.Id))
                return; // a reset behind the end: the stream has ended already
            _ended.Add(stream.Id, true);
        }

        if (message.Kind == OutgoingKind.Message)
        {
            statistics.Received(message.Length);
            events.Message(
                new ReceivedMessage
                {
                    Node = node,
                    Stream = stream.Id,
                    Sequence = message.Sequence,
                    Class = stream.Class,
                    IsLast = message.IsEnd,
                    Credit =
                        stream.Class == MessageClass.Reliable
                            ? new MessageCredit(node, this, stream, message.Length + StoreOverheadPerMessage)
                            : default,
                    Payload = message.Payload,
                }
            );
        }

        if (!message.IsEnd)
            return;
        StreamEndReason reason = message.Kind == OutgoingKind.Reset ? StreamEndReason.Reset : StreamEndReason.Ended;
        events.StreamEnded(
            new StreamEnd(node, stream.Id, reason, message.Kind == OutgoingKind.Reset ? message.Code : 0)
        );
    }

    private void NotifyWritable()
    {
        // Half of what is not held: streams that nobody reads do not make the others wait for them.
        if (_refused.Count == 0 || _storedBytes - _heldBytes > (options.SendStoreBytes - _heldBytes) / 2)
            return;
        foreach (ulong id in _refused)
        {
            if (_streams.TryGetValue(id, out SendStream? stream) && stream.Kept > WireFormat.InitialStreamCredit / 2)
                continue;
            _refused.Remove(id); // allowed while walking
            events.Writable(node, id);
        }
    }
}
