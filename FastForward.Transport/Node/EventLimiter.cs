namespace FastForward.Transport.Node;

/// <summary>
/// Holds back repetitions of what strangers can provoke at will: one event of a kind and node in ten seconds. The others
/// are in the counters.
/// </summary>
internal sealed class EventLimiter
{
    private const long IntervalMicros = 10_000_000;
    private const int MaxStrangers = 256;

    // Of peers, as many as there are routes: no flood of invented ids keeps their events back.
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
        // A flood of different ids: their first events were told, more would only fill the log. The table is looked through
        // once per interval, not once per frame.
        if (_strangers.Count >= MaxStrangers && !_strangers.ContainsKey(node))
        {
            if (now < _strangersFullUntil)
                return false;
            _strangersFullUntil = now + IntervalMicros;
            foreach ((uint stranger, long until) in _strangers)
            {
                if (until <= now)
                    _strangers.Remove(stranger); // allowed while walking
            }

            if (_strangers.Count >= MaxStrangers)
                return false;
        }

        _strangers[node] = now + IntervalMicros;
        return true;
    }
}
