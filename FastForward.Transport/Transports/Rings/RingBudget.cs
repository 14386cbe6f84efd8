namespace FastForward.Transport.Transports.Rings;

/// <summary>Limits the memory of all rings of a transport, and remembers whose rings were misused.</summary>
/// <param name="limit">The most bytes of all rings together, both directions.</param>
internal sealed class RingBudget(long limit)
{
    /// <summary>How long a user gets no ring after the first misuse, in microseconds.</summary>
    public const long FirstBan = 60_000_000;

    /// <summary>The longest such time, which doubles with each further misuse.</summary>
    public const long LongestBan = 3_600_000_000;

    private const int MaxBans = 64;

    private readonly Dictionary<uint, (long Until, long Length)> _bans = [];

    /// <summary>The bytes that are in use.</summary>
    public long Used { get; private set; }

    /// <summary>Why a process of a user gets no ring; null when it does.</summary>
    public string? ReasonToRefuse(long now, uint? user)
    {
        if (user is { } id && _bans.TryGetValue(id, out (long Until, long Length) ban) && now < ban.Until)
        {
            return ban.Length > 0
                ? $"shortly before the link was made a process of user id {id} misused it"
                : $"shortly before the link was made it failed with a process of user id {id}";
        }

        return null;
    }

    /// <summary>Takes bytes, unless they are beyond the limit.</summary>
    public bool TryTake(long bytes)
    {
        if (bytes > limit - Used)
            return false;
        Used += bytes;
        return true;
    }

    /// <summary>Returns bytes.</summary>
    public void Return(long bytes) => Used -= bytes;

    /// <summary>A process of the user broke the rules of a ring.</summary>
    /// <returns>How long the user gets none, in microseconds.</returns>
    public long Ban(long now, uint user)
    {
        // Who kept them for as long as it was shut out, and again, begins anew.
        bool isAgain =
            _bans.TryGetValue(user, out (long Until, long Length) former) && now < former.Until + former.Length;
        long length = isAgain ? Math.Min(former.Length * 2, LongestBan) : FirstBan;
        Set(user, now, length);
        return length;
    }

    /// <summary>A ring could not be set up, and the user is not the reason: later it may be possible.</summary>
    public void Pause(long now, uint user)
    {
        if (!_bans.TryGetValue(user, out (long Until, long Length) former) || former.Until <= now)
            _bans[user] = (now + FirstBan, 0);
    }

    private void Set(uint user, long now, long length)
    {
        if (_bans.Count >= MaxBans && !_bans.ContainsKey(user))
            _bans.Remove(_bans.MinBy(static ban => ban.Value.Until).Key);
        _bans[user] = (now + length, length);
    }
}
