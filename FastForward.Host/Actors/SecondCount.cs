namespace FastForward.Host.Actors;

/// <summary>A count that begins anew with each second.</summary>
internal struct SecondCount
{
    private long _second;
    private int _count;

    /// <summary>What was counted within the second of <paramref name="now"/>.</summary>
    public int At(TimeSpan now)
    {
        long second = now.Ticks / TimeSpan.TicksPerSecond;
        if (second != _second)
            (_second, _count) = (second, 0);
        return _count;
    }

    /// <summary>Counts one in the second that was asked for last.</summary>
    public void Add() => _count++;
}
