using FastForward.Transport.Loop;
using FastForward.Transport.Transports;

namespace FastForward.Transport.Node;

/// <summary>
/// Accepted connections whose first frame has not arrived. Each is closed after a time limit, or earlier when a
/// transport has too many of them.
/// </summary>
internal sealed class UnclaimedLinks
{
    // Limit per transport. At the limit a new connection evicts an old one: peers send their handshake at once, so
    // connections that send none cannot keep peers out.
    private const int MaxPerTransport = 64;

    private readonly ForwardLoop _loop;
    private readonly long _limitMicros;
    private readonly Dictionary<IForwardLink, long> _deadlines = [];
    private readonly LoopTimer _timer;

    /// <param name="loop">Clock and timer.</param>
    /// <param name="limitMicros">How long a connection may stay without a frame.</param>
    public UnclaimedLinks(ForwardLoop loop, long limitMicros)
    {
        _loop = loop;
        _limitMicros = limitMicros;
        _timer = loop.CreateTimer(CloseOverdue);
    }

    public bool Contains(IForwardLink link) => _deadlines.ContainsKey(link);

    public void Add(IForwardLink link)
    {
        if (_deadlines.Count >= MaxPerTransport)
            EvictFor(link.Transport);
        _deadlines.Add(link, _loop.NowMicros + _limitMicros);
        if (!_timer.IsSet)
            _timer.SetAfter(_limitMicros);
    }

    public void Remove(IForwardLink link) => _deadlines.Remove(link);

    private void EvictFor(IForwardTransport transport)
    {
        IForwardLink[] links =
        [
            .. _deadlines
                .Where(entry => ReferenceEquals(entry.Key.Transport, transport))
                .OrderBy(static entry => entry.Value)
                .Select(static entry => entry.Key),
        ];
        if (links.Length < MaxPerTransport)
            return;
        if (FairEviction.ChooseVictim(links, static link => link.Traits.Credentials?.Origin) is not { } victim)
            return;
        _deadlines.Remove(victim);
        victim.Close();
    }

    private void CloseOverdue()
    {
        long next = long.MaxValue;
        foreach ((IForwardLink link, long deadline) in _deadlines)
        {
            if (_loop.NowMicros >= deadline)
                link.Close();
            else
                next = Math.Min(next, deadline);
        }

        if (next != long.MaxValue)
            _timer.SetAt(next);
    }
}
