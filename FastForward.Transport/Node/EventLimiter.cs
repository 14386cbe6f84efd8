namespace FastForward.Transport;

/// <summary>
/// Holds back repetitions of what strangers can provoke at will: one event of a kind and node in ten seconds. The others
/// are in the counters.
/// </summary>
internal sealed class EventLimiter
{
    private const long IntervalMicros = 10_000_000;
    private const int MaxRemembered = 256;

    private readonly Dictionary<(uint Node, PeerEventKind Kind), long> _next = [];

    public bool Passes(long now, in PeerEvent change)
    {
        if (change.Kind is not (PeerEventKind.NotConfigured or PeerEventKind.NodeIdConflict or PeerEventKind.Refused)) return true;
        if (_next.TryGetValue((change.Node, change.Kind), out long next) && now < next) return false;
        if (_next.Count >= MaxRemembered) Forget(now);
        // A flood of different ids: their first events were told, more would only fill the log.
        if (_next.Count >= MaxRemembered) return false;
        _next[(change.Node, change.Kind)] = now + IntervalMicros;
        return true;
    }

    private void Forget(long now)
    {
        foreach ((uint, PeerEventKind) key in _next.Where(entry => entry.Value <= now).Select(static entry => entry.Key).ToArray()) _next.Remove(key);
    }
}
