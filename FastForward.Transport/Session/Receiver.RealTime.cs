using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// Real-time messages: in order, and none later than its budget allows. One that arrives before others of its stream
/// waits for them as long as they can still come in time; what arrives in order never waits.
/// </content>
internal sealed partial class Receiver
{
    // What waits is delivered a little before it would be too late itself.
    private const long LongestMargin = 10_000;

    // A peer that sends copies sends one of every message, or has just ended doing so.
    private const long CopiesLast = 2_000_000;

    private readonly Stack<HeldMessage> _unusedHeld = new();
    private readonly PriorityQueue<ReceiveStream, long> _releases = new();
    private long _heldBytes;
    private long _repeatedAt = long.MinValue / 2;

    /// <summary>The shortest budget of a stream of the peer so far, in microseconds.</summary>
    public long ShortestBudget { get; private set; }

    /// <summary>How long messages waited for others before them.</summary>
    public DelayHistogram HoldTimes => field ??= new DelayHistogram();

    /// <summary>When <see cref="Release(long)"/> is due; long.MaxValue for never.</summary>
    public long NextRelease
    {
        get
        {
            while (_releases.TryPeek(out ReceiveStream? stream, out long at))
            {
                if (stream.Order!.ReleaseAt == at)
                    return at;
                _releases.Dequeue();
            }

            return long.MaxValue;
        }
    }

    /// <summary>Entries in the queue of release times, outdated ones included.</summary>
    public int PendingReleases => _releases.Count;

    /// <summary>Bytes of the messages that wait for others before them.</summary>
    public long HeldBytes => _heldBytes;

    /// <summary>Delivers what has waited long enough for messages before it.</summary>
    public void Release(long now)
    {
        while (NextRelease <= now)
            Release(now, _releases.Peek()); // its entry stays valid where the next one is due at the same time
    }

    private void RealTime(long now, ReceiveStream stream, in MessageElement message, in FrameArrival arrival)
    {
        RealTimeOrder order = stream.Order!;
        if ((message.Bits & (MessageBits.Repeat | MessageBits.End)) == MessageBits.Repeat)
            _repeatedAt = now;
        // Sequences start at 0, so that a first message with a higher one follows messages that were lost.
        long step = stream.Expected == 0 ? message.Sequence : (int)(message.Sequence - (uint)stream.Expected);
        if (step < 0)
        {
            if (order.WasDelivered(-step))
            {
                OnDuplicate(message);
                return;
            }

            _statistics.Late();
            order.OnMissed(stream.Expected - (ulong)-step, now - message.Age - arrival.Excess);
            return;
        }

        if (message.Budget > 0 && message.Budget < ShortestBudget)
            ShortestBudget = message.Budget;
        long delay = message.Age + arrival.Excess;
        ulong sequence = stream.Expected + (ulong)step;
        int place = step == 0 ? 0 : order.PlaceOf(sequence);
        if (place < 0)
        {
            OnDuplicate(message);
            if (arrival.IsOrdered)
                DeliverHeld(now, stream, below: sequence + 1); // nothing that is missing before it comes any more
            return;
        }

        bool isLate = IsLate(message.Budget, delay, message.IsMark);
        if (isLate)
            _statistics.Late();
        if ((message.Bits & MessageBits.Second) != 0)
            _statistics.CameOverSecond(isFirst: true);
        if (step > 0 && !arrival.IsOrdered && MayHold(order, message.Payload.Length))
        {
            Hold(now, stream, message, arrival, sequence, isLate, place);
            return;
        }

        if (step > 0)
            DeliverHeld(now, stream, below: sequence);
        else if (order.Held.Count > 0)
            _statistics.FilledGap();
        if (stream.IsEnded)
            return;
        SkipTo(stream, sequence);
        Pass(stream, message.Bits, message.Payload, now - delay, isLate);
        DeliverHeld(now, stream);
    }

    private void OnDuplicate(in MessageElement message)
    {
        _statistics.Duplicate();
        if ((message.Bits & MessageBits.Second) != 0)
            _statistics.CameOverSecond(isFirst: false);
        else if ((message.Bits & MessageBits.Repeat) == 0)
            _statistics.CameAfterSecond();
    }

    private static bool IsLate(long budget, long delay, bool isMark) => budget > 0 && delay > budget && !isMark;

    private bool MayHold(RealTimeOrder order, int length) =>
        order.Held.Count < RealTimeOrder.MaxHeld && _heldBytes + length <= _options.ReceiveWindowBytes / 4;

    private void Hold(
        long now,
        ReceiveStream stream,
        in MessageElement message,
        in FrameArrival arrival,
        ulong sequence,
        bool isLate,
        int place
    )
    {
        RealTimeOrder order = stream.Order!;
        HeldMessage held = _unusedHeld.TryPop(out HeldMessage? unused) ? unused : new HeldMessage();
        held.Set(now, message, arrival, sequence, isLate, _buffers);
        _heldBytes += held.Payload.Length;
        order.Held.Insert(place, held);
        if (place == 0)
            Schedule(now, stream);
        while (order.ReleaseAt <= now)
            Release(now, stream);
    }

    private void Schedule(long now, ReceiveStream stream)
    {
        RealTimeOrder order = stream.Order!;
        long at = long.MaxValue;
        if (order.Held is [{ } first, ..])
        {
            long budget = RealTimeBudget.OrDefault(first.Budget);
            at = first.SentAt + budget - Math.Max(Math.Min(budget / 8, LongestMargin), order.Spacing);
            bool isRepeated = first.RoundTrip < budget || now - _repeatedAt < CopiesLast;
            if (!isRepeated)
                at = Math.Min(at, first.LastOvertaken);
        }

        if (at == order.ReleaseAt)
            return;
        order.ReleaseAt = at;
        if (at == long.MaxValue)
            return;
        if (_releases.Count >= 2 * _options.MaxStreams)
            ForgetOutdatedReleases();
        _releases.Enqueue(stream, at);
    }

    // A time is outdated as soon as a gap is filled, but leaves the queue only when it is over.
    private void ForgetOutdatedReleases()
    {
        _releases.Clear();
        for (ReceiveStream? stream = _streams.Oldest; stream is not null; stream = ReceiveStreamTable.After(stream))
        {
            if (stream.Order is { ReleaseAt: < long.MaxValue and long at })
                _releases.Enqueue(stream, at);
        }
    }

    // The messages before the first one that waits do not come any more.
    private void Release(long now, ReceiveStream stream)
    {
        RealTimeOrder order = stream.Order!;
        order.ReleaseAt = long.MaxValue; // what waits behind another gap may be due at the same time
        DeliverHeld(now, stream, below: order.Held[0].Sequence + 1);
    }

    // Delivers what has nothing missing before it, and below a place everything: what is missing there does not come
    // any more.
    private void DeliverHeld(long now, ReceiveStream stream, ulong below = 0)
    {
        if (stream.Order is not { Held.Count: > 0 } order)
            return;
        while (!stream.IsEnded && order.Held is [{ } held, ..])
        {
            if (held.Sequence > stream.Expected && held.Sequence >= below)
                break;
            order.Held.RemoveAt(0);
            SkipTo(stream, held.Sequence);
            bool isLate = held.IsLate;
            if (!isLate && IsLate(held.Budget, now - held.SentAt, held.IsMark))
            {
                isLate = true;
                _statistics.Late();
            }

            _statistics.Held();
            HoldTimes.Add(now - held.ArrivedAt);
            Pass(stream, held.Bits, held.Payload, held.SentAt, isLate);
            Recycle(held);
        }

        Schedule(now, stream);
    }

    private void SkipTo(ReceiveStream stream, ulong sequence)
    {
        ulong places = sequence - stream.Expected;
        if (places == 0)
            return;
        stream.Order!.Skip(places);
        stream.Expected = sequence;
        _statistics.Skipped((long)places);
    }

    // The message at the expected place: delivers it, unless it is too late.
    private void Pass(ReceiveStream stream, MessageBits bits, ReadOnlySpan<byte> payload, long sentAt, bool isLate)
    {
        RealTimeOrder order = stream.Order!;
        bool isEnd = (bits & MessageBits.End) != 0;
        bool isMessage = (bits & MessageBits.Mark) == 0 && !isLate;
        ulong sequence = stream.Expected++;
        order.Pass(sequence, sentAt, isDelivered: !isLate);
        if (isLate)
        {
            order.Skipped++;
            _statistics.Skipped(1);
        }

        if (isEnd)
            Forget(stream);
        ulong skipped = order.Skipped;
        if (isMessage)
        {
            order.Skipped = 0;
            if ((bits & MessageBits.Repeat) != 0)
                _statistics.Saved();
            Deliver(stream, sequence, isEnd, skipped, payload);
        }

        if (isEnd)
            NotifyEnd(stream.Id, StreamEndReason.Ended, 0, isMessage ? 0 : skipped);
    }

    private void DropAllHeld(ReceiveStream stream)
    {
        if (stream.Order is not { } order)
            return;
        foreach (HeldMessage held in order.Held)
            Recycle(held);
        order.Held.Clear();
        order.ReleaseAt = long.MaxValue;
    }

    private void Recycle(HeldMessage held)
    {
        _heldBytes -= held.Payload.Length;
        held.Clear(_buffers);
        if (_unusedHeld.Count < MaxUnused)
            _unusedHeld.Push(held);
    }
}
