namespace FastForward.Tests.Simulation;

/// <summary>
/// One direction between two addresses over one medium: the decisions about its frames, a bounded queue in front of it,
/// and how long it is cut off or clogged.
/// </summary>
internal sealed class Direction(ChoiceStream choices)
{
    private readonly Queue<long> _leaving = new();
    private long _freeAt;

    public ChoiceStream Choices => choices;

    /// <summary>Until when nothing that is sent arrives; <see cref="long.MaxValue"/> for ever.</summary>
    public long CutUntil { get; set; }

    /// <summary>What datagrams take longer than on other ways.</summary>
    public long Delay { get; set; }

    /// <summary>Longer datagrams do not arrive.</summary>
    public int LongestDatagram { get; set; } = int.MaxValue;

    /// <summary>Until when frames stay in the queue.</summary>
    public long ClogUntil { get; set; }

    /// <summary>Puts a frame into the queue.</summary>
    /// <param name="now">The time.</param>
    /// <param name="bytes">Its length.</param>
    /// <param name="capacity">The most frames in the queue; further ones are dropped.</param>
    /// <param name="bytesPerMilli">How fast it empties; 0 for at once.</param>
    /// <returns>When the frame leaves the queue; -1 when it is full.</returns>
    public long Leave(long now, int bytes, int capacity, long bytesPerMilli)
    {
        if (bytesPerMilli == 0 && now >= ClogUntil)
            return Math.Max(now, _freeAt);
        while (_leaving.TryPeek(out long first) && first <= now)
            _leaving.Dequeue();
        if (_leaving.Count >= capacity)
            return -1;
        _freeAt = Math.Max(Math.Max(now, ClogUntil), _freeAt) + (bytesPerMilli == 0 ? 0 : bytes * 1000 / bytesPerMilli);
        _leaving.Enqueue(_freeAt);
        return _freeAt;
    }
}
