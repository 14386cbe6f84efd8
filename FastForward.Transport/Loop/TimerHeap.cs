namespace FastForward.Transport.Loop;

/// <summary>The set timers of a loop, the earliest on top: a binary heap in which each timer knows its place.</summary>
internal sealed class TimerHeap
{
    private LoopTimer[] _heap = new LoopTimer[16];
    private int _count;

    /// <summary>When the earliest timer is due; long.MaxValue when none is set.</summary>
    public long NextDue => _count == 0 ? long.MaxValue : _heap[0].Due;

    public void Set(LoopTimer timer, long due)
    {
        if (timer.HeapIndex < 0)
        {
            if (_count == _heap.Length) Array.Resize(ref _heap, _count * 2);
            timer.Due = due;
            Place(timer, _count++);
            SiftUp(timer);
            return;
        }

        bool earlier = due < timer.Due;
        timer.Due = due;
        if (earlier) SiftUp(timer);
        else SiftDown(timer);
    }

    public void Remove(LoopTimer timer)
    {
        int hole = timer.HeapIndex;
        if (hole < 0) return;
        timer.HeapIndex = -1;
        LoopTimer last = _heap[--_count];
        _heap[_count] = null!;
        if (ReferenceEquals(last, timer)) return;
        Place(last, hole);
        SiftUp(last);
        SiftDown(last);
    }

    /// <summary>Takes the earliest timer out if it is due at <paramref name="now"/>.</summary>
    public LoopTimer? TakeDue(long now)
    {
        if (_count == 0 || _heap[0].Due > now) return null;
        LoopTimer timer = _heap[0];
        Remove(timer);
        return timer;
    }

    private void SiftUp(LoopTimer timer)
    {
        while (timer.HeapIndex > 0)
        {
            LoopTimer parent = _heap[(timer.HeapIndex - 1) / 2];
            if (parent.Due <= timer.Due) return;
            Swap(parent, timer);
        }
    }

    private void SiftDown(LoopTimer timer)
    {
        while (true)
        {
            int child = (timer.HeapIndex * 2) + 1;
            if (child >= _count) return;
            if (child + 1 < _count && _heap[child + 1].Due < _heap[child].Due) child++;
            if (timer.Due <= _heap[child].Due) return;
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
