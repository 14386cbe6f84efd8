namespace FastForward.Tests.Chaos;

/// <summary>The longest time between two messages of a peer. Used on the loop thread.</summary>
internal sealed class DeliveryPauses
{
    private readonly Dictionary<uint, TimeSpan> _last = [];
    private TimeSpan _longest;

    public void Arrived(uint peer, TimeSpan now)
    {
        if (_last.TryGetValue(peer, out TimeSpan last) && now - last > _longest)
            _longest = now - last;
        _last[peer] = now;
    }

    /// <summary>In microseconds, since it was taken last; a pause that goes on counts as far as it has come.</summary>
    public long Take(TimeSpan now)
    {
        TimeSpan longest = _last.Values.Select(last => now - last).Append(_longest).Max();
        _longest = TimeSpan.Zero;
        return (long)longest.TotalMicroseconds;
    }
}
