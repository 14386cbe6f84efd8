namespace FastForward.Transport.Node;

/// <summary>
/// Limits events that any remote process can trigger: one event per kind and node in ten seconds. Suppressed events
/// still appear in the counters.
/// </summary>
internal sealed class EventLimiter
{
    private const long IntervalMicros = 10_000_000;
    private const int MaxStrangers = 256;

    // Bounded by the number of routes, and separate from unknown nodes: a flood of forged ids cannot suppress these
    // events.
    private readonly Dictionary<(uint Node, PeerEventKind Kind), long> _peers = [];
    private readonly Dictionary<uint, long> _strangers = [];
    private long _strangersFullUntil;

    public bool Passes(long now, in PeerEvent change)
    {
        if (change.Kind == PeerEventKind.NotConfigured)
            return PassesStranger(now, change.Node);
        if (change.Kind is not (PeerEventKind.NodeIdConflict or PeerEventKind.Refused or PeerEventKind.Unusable))
            return true;
        if (_peers.TryGetValue((change.Node, change.Kind), out long next) && now < next)
            return false;
        _peers[(change.Node, change.Kind)] = now + IntervalMicros;
        return true;
    }

    private bool PassesStranger(long now, uint node)
    {
        if (_strangers.TryGetValue(node, out long next) && now < next)
            return false;
        // The table is full: the first events of many unknown ids were reported, and more would only fill the log.
        // Expired entries are removed at most once per interval, not once per frame.
        if (_strangers.Count >= MaxStrangers && !_strangers.ContainsKey(node))
        {
            if (now < _strangersFullUntil)
                return false;
            _strangersFullUntil = now + IntervalMicros;
            foreach ((uint stranger, long until) in _strangers)
            {
                if (until <= now)
                    _strangers.Remove(stranger); // allowed during enumeration
            }

            if (_strangers.Count >= MaxStrangers)
                return false;
        }

        _strangers[node] = now + IntervalMicros;
        return true;
    }
}
