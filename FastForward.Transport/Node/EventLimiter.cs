namespace FastForward.Transport.Node;

/// <summary>
/// Limits events that any remote process can trigger or that a permanent mistake repeats: of a kind and node one in ten
/// seconds, then in twenty, and so on up to an hour, until the node is connected or the event stays away as long.
/// Unknown nodes: one in ten seconds each. Suppressed events still appear in the counters.
/// </summary>
internal sealed class EventLimiter
{
    private const long IntervalMicros = 10_000_000;
    private const long LongestMicros = 3_600_000_000;
    private const int MaxStrangers = 256;

    // Bounded by the number of routes, and separate from unknown nodes: a flood of forged ids cannot suppress these
    // events.
    private readonly Dictionary<(uint Node, PeerEventKind Kind), Pause> _peers = [];
    private readonly Dictionary<uint, long> _strangers = [];
    private long _strangersFullUntil;

    public bool Passes(long now, in PeerEvent change)
    {
        if (change.Kind == PeerEventKind.NotConfigured)
            return PassesStranger(now, change.Node);
        if (change.Kind == PeerEventKind.Connected)
            Forget(change.Node);
        if (!IsLimited(change.Kind))
            return true;
        _peers.TryGetValue((change.Node, change.Kind), out Pause pause);
        if (now < pause.Ends)
            return false;
        bool goesOn = now < pause.Ends + pause.Micros;
        long micros = goesOn ? Math.Min(2 * pause.Micros, LongestMicros) : IntervalMicros;
        _peers[(change.Node, change.Kind)] = new Pause(now + micros, micros);
        return true;
    }

    private static bool IsLimited(PeerEventKind kind) =>
        kind is PeerEventKind.NodeIdConflict or PeerEventKind.Refused or PeerEventKind.Unusable;

    private void Forget(uint node)
    {
        _peers.Remove((node, PeerEventKind.NodeIdConflict));
        _peers.Remove((node, PeerEventKind.Refused));
        _peers.Remove((node, PeerEventKind.Unusable));
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

    private readonly record struct Pause(long Ends, long Micros);
}
