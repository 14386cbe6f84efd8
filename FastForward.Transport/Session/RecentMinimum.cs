namespace FastForward.Transport.Session;

/// <summary>
/// The least of the values of one to two windows: the one that runs and the one before it. Windows end with the next
/// value, so that a silence forgets nothing. Times are in microseconds.
/// </summary>
/// <param name="window">The length of a window.</param>
internal struct RecentMinimum(long window)
{
    private long _older = long.MaxValue;
    private long _newer = long.MaxValue;
    private long _windowEnds;

    /// <summary>The least value; long.MaxValue before the first.</summary>
    public readonly long Value => Math.Min(_older, _newer);

    public void Add(long now, long value)
    {
        if (now < _windowEnds)
        {
            _newer = Math.Min(_newer, value);
            return;
        }

        _older = _newer;
        _newer = value;
        _windowEnds = now + window;
    }

    /// <summary>Forgets all values but this one. The window goes on.</summary>
    public void Set(long value)
    {
        _older = value;
        _newer = value;
    }
}
