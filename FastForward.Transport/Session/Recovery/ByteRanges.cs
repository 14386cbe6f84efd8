namespace FastForward.Transport.Session.Recovery;

/// <summary>
/// A set of bytes of one message, as sorted ranges that neither overlap nor touch. The first one needs no memory: most
/// messages arrive in one piece or from their beginning on.
/// </summary>
internal struct ByteRanges
{
    private const int KeptCapacity = 16;

    private int _start;
    private int _end;
    private List<(int Start, int End)>? _more;

    /// <summary>How many bytes it contains.</summary>
    public int Count { get; private set; }

    /// <summary>The number of ranges.</summary>
    public readonly int Ranges => (_end > _start ? 1 : 0) + (_more?.Count ?? 0);

    /// <summary>Contains all bytes of a range, which must not be empty.</summary>
    public readonly bool Contains(int start, int end)
    {
        if (start >= _start && end <= _end)
            return true;
        if (_more is null)
            return false;
        foreach ((int from, int to) in _more)
        {
            if (start >= from && end <= to)
                return true;
        }

        return false;
    }

    /// <summary>Adds a range; does nothing when it is empty.</summary>
    public void Add(int start, int end)
    {
        if (end <= start)
            return;
        if (_end == _start)
        {
            (_start, _end) = (start, end);
            Count = end - start;
            return;
        }

        if (start > _end || end < _start)
        {
            Insert(start, end);
            return;
        }

        // It touches the first range: the others may touch the result.
        (_start, _end) = (Math.Min(start, _start), Math.Max(end, _end));
        while (_more is { Count: > 0 } && _more[0].Start <= _end)
        {
            _end = Math.Max(_end, _more[0].End);
            _more.RemoveAt(0);
        }

        Recount();
    }

    /// <summary>Removes everything.</summary>
    public void Clear()
    {
        (_start, _end, Count) = (0, 0, 0);
        if (_more is { Capacity: > KeptCapacity })
            _more = null;
        else
            _more?.Clear();
    }

    // The range lies apart from the first one.
    private void Insert(int start, int end)
    {
        _more ??= [];
        if (end < _start)
        {
            _more.Insert(0, (_start, _end));
            (_start, _end) = (start, end);
            Count += end - start;
            return;
        }

        int at = 0;
        while (at < _more.Count && _more[at].End < start)
            at++;
        int last = at;
        while (last < _more.Count && _more[last].Start <= end)
        {
            (start, end) = (Math.Min(start, _more[last].Start), Math.Max(end, _more[last].End));
            last++;
        }

        _more.RemoveRange(at, last - at);
        _more.Insert(at, (start, end));
        Recount();
    }

    private void Recount()
    {
        Count = _end - _start;
        if (_more is null)
            return;
        foreach ((int start, int end) in _more)
            Count += end - start;
    }
}
