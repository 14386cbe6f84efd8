using FastForward.Transport.Loop;

namespace FastForward.Transport.Transports.Connections;

/// <summary>The links that have not opened yet: their deadlines, and the tries of those whose far end had a full backlog.</summary>
internal sealed class ConnectionOpenings
{
    // connect(2) on a full UNIX backlog fails with EAGAIN, and nothing ever tells that there is room.
    private const long RetryMicros = 2_000;

    private readonly ForwardLoop _loop;
    private readonly LoopTimer _timer;
    private readonly List<ConnectionLink> _links = [];

    public ConnectionOpenings(ForwardLoop loop)
    {
        _loop = loop;
        _timer = loop.CreateTimer(Check);
    }

    /// <summary>How many of them the far end began.</summary>
    public int Inbound { get; private set; }

    public void Add(ConnectionLink link)
    {
        _links.Add(link);
        if (link.IsInbound)
            Inbound++;
    }

    public void Remove(ConnectionLink link)
    {
        if (_links.Remove(link) && link.IsInbound)
            Inbound--;
    }

    /// <summary>
    /// A new one takes the place of an old one: a neighbour that connects and says nothing must not keep others out, and
    /// who means it opens at once.
    /// </summary>
    public void AbandonOneInbound() =>
        CrowdedLinks
            .Yielding(_links.Where(static link => link.IsInbound))
            ?.CloseWith(new LinkClosure(LinkCloseReason.OpenTimeout, 0, "too many others were opening after it"));

    public void AbandonInbound()
    {
        for (int i = _links.Count - 1; i >= 0; i--)
        {
            if (_links[i].IsInbound)
                _links[i].CloseWith(new LinkClosure(LinkCloseReason.ClosedLocally));
        }
    }

    /// <summary>Sets the timer for whatever comes first.</summary>
    public void Schedule()
    {
        long due = long.MaxValue;
        foreach (ConnectionLink link in _links)
            due = Math.Min(due, link.WaitsForBacklog ? _loop.NowMicros + RetryMicros : link.OpenDeadline);
        if (due != long.MaxValue && (!_timer.IsSet || due < _timer.Due))
            _timer.SetAt(due);
    }

    // Runs between polls: what it decides is deferred like everything that a call causes.
    private void Check()
    {
        for (int i = _links.Count - 1; i >= 0; i--)
        {
            ConnectionLink link = _links[i]; // leaves the list, at most itself, when it ends
            if (link.OpenDeadline <= _loop.NowMicros)
                link.CloseWith(new LinkClosure(LinkCloseReason.OpenTimeout, 0, link.OpenTimeoutReason));
            else if (link.WaitsForBacklog)
                link.Connect();
        }

        Schedule();
    }
}
