namespace FastForward.Transport.Loop;

/// <summary>
/// The set timers of a loop, the earliest on top: a binary heap in which each timer knows its place. Of timers due at
/// the same time, the one set first comes first.
/// </summary>
/// <remarks>
/// Firing has two steps: <see cref="Collect"/> takes everything due out of the heap, <see cref="TakeCollected"/> hands
/// it out. So a timer that is set by a callback, even to the past, waits for the next cycle and cannot keep this one
/// busy.
/// </remarks>
internal sealed class TimerHeap
{
    private const int NotSet = -1;
    private const int Collected = -2;

    private LoopTimer[] _heap = new LoopTimer[16];
    private LoopTimer[] _collected = new LoopTimer[16];
    private int _count;
    private int _collectedCount;
    private int _nextCollected;
    private ulong _order;

    /// <summary>When the earliest timer is due; long.MaxValue when none is set.</summary>
    public long NextDue =>
        _nextCollected < _collectedCount ? 0
        : _count == 0 ? long.MaxValue
        : _heap[0].Due;

    public void Set(LoopTimer timer, long due)
    {
        timer.Due = due;
        timer.Order = ++_order;
        if (timer.HeapIndex >= 0)
        {
            SiftUp(timer);
            SiftDown(timer);
            return;
        }

        if (_count == _heap.Length)
            Array.Resize(ref _heap, _count * 2);
        Place(timer, _count++);
        SiftUp(timer);
    }

    public void Remove(LoopTimer timer)
    {
        int hole = timer.HeapIndex;
        timer.HeapIndex = NotSet;
        if (hole < 0)
            return;
        LoopTimer last = _heap[--_count];
        _heap[_count] = null!;
        if (ReferenceEquals(last, timer))
            return;
        Place(last, hole);
        SiftUp(last);
        SiftDown(last);
    }

    /// <summary>
    /// Takes the timers that are due at <paramref name="now"/> out of the heap, at most <paramref name="limit"/>.
    /// </summary>
    public void Collect(long now, int limit)
    {
        if (_nextCollected == _collectedCount)
            _nextCollected = _collectedCount = 0;
        while (_count > 0 && _heap[0].Due <= now && _collectedCount < limit)
        {
            LoopTimer timer = _heap[0];
            Remove(timer);
            timer.HeapIndex = Collected;
            if (_collectedCount == _collected.Length)
                Array.Resize(ref _collected, _collectedCount * 2);
            _collected[_collectedCount++] = timer;
        }
    }

    /// <summary>
    /// The next collected timer that was neither cancelled nor set anew since; it is not set any more.
    /// </summary>
    public LoopTimer? TakeCollected()
    {
        while (_nextCollected < _collectedCount)
        {
            LoopTimer timer = _collected[_nextCollected];
            _collected[_nextCollected++] = null!;
            if (timer.HeapIndex != Collected)
                continue;
            timer.HeapIndex = NotSet;
            return timer;
        }

        return null;
    }

    private static bool IsBefore(LoopTimer one, LoopTimer other) =>
        one.Due < other.Due || (one.Due == other.Due && one.Order < other.Order);

    private void SiftUp(LoopTimer timer)
    {
        while (timer.HeapIndex > 0)
        {
            LoopTimer parent = _heap[(timer.HeapIndex - 1) / 2];
            if (!IsBefore(timer, parent))
                return;
            Swap(parent, timer);
        }
    }

    private void SiftDown(LoopTimer timer)
    {
        while (true)
        {
            int child = (timer.HeapIndex * 2) + 1;
            if (child >= _count)
                return;
            if (child + 1 < _count && IsBefore(_heap[child + 1], _heap[child]))
                child++;
            if (!IsBefore(_heap[child], timer))
                return;
            Swap(timer, _heap[child]);
        }
    }

    private void Swap(LoopTimer upper, LoopTimer lower)
    {
        int place = upper.HeapIndex;
        Place(upper, lower.HeapIndex);
        Place(lower, place);
    }

    private void Place(LoopTimer timer, int index)
    {
        _heap[index] = timer;
        timer.HeapIndex = index;
    }
}
