using FastForward.Transport.Loop;
using FastForward.Transport.Transports.Links;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// The links that have not opened yet: their deadlines, and retries where the remote backlog was full.
/// </summary>
internal sealed class ConnectionOpenings
{
    // connect(2) fails with EAGAIN when a UNIX backlog is full (unix(7)), and no event reports that it has room.
    private const long RetryMicros = 2_000;

    private readonly ForwardLoop _loop;
    private readonly LoopTimer _timer;
    private readonly List<OpeningLink> _links = [];

    public ConnectionOpenings(ForwardLoop loop)
    {
        _loop = loop;
        _timer = loop.CreateTimer(Check);
    }

    public bool IsEmpty => _links.Count == 0;

    /// <summary>The number of inbound links among them.</summary>
    public int Inbound { get; private set; }

    public void Add(OpeningLink link)
    {
        _links.Add(link);
        if (link.IsInbound)
            Inbound++;
    }

    public void Remove(OpeningLink link)
    {
        if (_links.Remove(link) && link.IsInbound)
            Inbound--;
        if (_links.Count == 0)
            _timer.Cancel();
    }

    /// <summary>
    /// Drops an inbound link to make room for a new one, so that a peer that connects and sends nothing cannot keep
    /// others out. Regular peers open at once and are not affected.
    /// </summary>
    public void DropOneInbound() =>
        FairEviction
            .ChooseVictim(_links.Where(static link => link.IsInbound), static link => link.Origin)
            ?.CloseWith(
                new LinkClosure(
                    LinkCloseReason.OpenTimeout,
                    0,
                    "dropped in favour of newer connections: too many are opening"
                )
            );

    public void DropInbound()
    {
        for (int i = _links.Count - 1; i >= 0; i--)
        {
            if (_links[i].IsInbound)
                _links[i].CloseWith(new LinkClosure(LinkCloseReason.ClosedLocally));
        }
    }

    /// <summary>Sets the timer for the earliest deadline or retry.</summary>
    public void Schedule()
    {
        long due = long.MaxValue;
        foreach (OpeningLink link in _links)
            due = Math.Min(due, link.WaitsToRetry ? _loop.NowMicros + RetryMicros : link.OpenDeadline);
        if (due != long.MaxValue && (!_timer.IsSet || due < _timer.Due))
            _timer.SetAt(due);
    }

    // Runs between polls, so the events it causes are deferred to the next poll.
    private void Check()
    {
        for (int i = _links.Count - 1; i >= 0; i--)
        {
            OpeningLink link = _links[i]; // a link that closes removes itself from the list, and no other
            if (link.OpenDeadline <= _loop.NowMicros)
                link.CloseWith(new LinkClosure(LinkCloseReason.OpenTimeout, 0, link.OpenTimeoutReason));
            else if (link.WaitsToRetry)
                link.Retry();
        }

        Schedule();
    }
}
