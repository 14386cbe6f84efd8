using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// Copies of the frames of a transport that wait for the end of their delay: a bounded pool, and a timer of the loop.
/// </summary>
internal sealed class DelayedFrames : IDisposable
{
    private readonly ForwardLoop _loop;
    private readonly int _capacity;
    private readonly PriorityQueue<Slot, (long Due, ulong Order)> _waiting = new();
    private readonly Stack<Slot> _free = new();
    private readonly LoopTimer _timer;
    private ulong _order;

    /// <param name="loop">Clock and timer.</param>
    /// <param name="capacity">The most frames that wait at once.</param>
    public DelayedFrames(ForwardLoop loop, int capacity)
    {
        _loop = loop;
        _capacity = capacity;
        _timer = loop.CreateTimer(SendDue);
    }

    /// <summary>Frames that wait.</summary>
    public int Count => _waiting.Count;

    /// <summary>Copies a frame.</summary>
    /// <returns>False when there is no room.</returns>
    public bool TryAdd(ImpairedLink link, ReadOnlySpan<byte> frame, bool realTime, long delayMicros)
    {
        if (_waiting.Count >= _capacity)
            return false;
        if (!_free.TryPop(out Slot? slot))
            slot = new Slot();
        slot.Fill(link, frame, realTime);
        long due = _loop.NowMicros + delayMicros;
        bool isFirst = !_waiting.TryPeek(out _, out (long Due, ulong Order) first) || due < first.Due;
        _waiting.Enqueue(slot, (due, _order++));
        if (isFirst)
            _timer.SetAt(due);
        return true;
    }

    /// <summary>Sends the waiting frames of a link at once, in the order of their due times: it closes.</summary>
    public void Release(ImpairedLink link)
    {
        List<(Slot Slot, (long Due, ulong Order) Key)> others = [];
        while (_waiting.TryDequeue(out Slot? slot, out (long Due, ulong Order) key))
        {
            if (slot.Link == link)
                Send(slot);
            else
                others.Add((slot, key));
        }

        _waiting.EnqueueRange(others);
    }

    /// <summary>Sends all waiting frames at once.</summary>
    public void Dispose()
    {
        _timer.Cancel();
        while (_waiting.TryDequeue(out Slot? slot, out _))
            Send(slot);
    }

    private void SendDue()
    {
        while (_waiting.TryPeek(out Slot? slot, out (long Due, ulong Order) first))
        {
            if (first.Due > _loop.NowMicros)
            {
                _timer.SetAt(first.Due);
                return;
            }

            _waiting.Dequeue();
            Send(slot);
        }
    }

    private void Send(Slot slot)
    {
        slot.Link!.SendNow(slot.Frame, slot.RealTime);
        slot.Link = null;
        _free.Push(slot);
    }

    private sealed class Slot
    {
        private byte[] _memory = [];
        private int _length;

        public ImpairedLink? Link { get; set; }

        public bool RealTime { get; private set; }

        public ReadOnlySpan<byte> Frame => _memory.AsSpan(0, _length);

        public void Fill(ImpairedLink link, ReadOnlySpan<byte> frame, bool realTime)
        {
            if (_memory.Length < frame.Length)
                _memory = new byte[link.Traits.MaxFrameSize];
            frame.CopyTo(_memory);
            _length = frame.Length;
            Link = link;
            RealTime = realTime;
        }
    }
}
