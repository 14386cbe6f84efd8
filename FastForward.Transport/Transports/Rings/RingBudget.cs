namespace FastForward.Transport.Transports.Rings;

/// <summary>Limits the memory of all rings of a transport, and remembers whose rings were misused.</summary>
/// <param name="limit">The most bytes of all rings together, both directions; 0 for no rings.</param>
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
        if (limit == 0)
            return "it is switched off";
        if (user is { } id && _bans.TryGetValue(id, out (long Until, long Length) ban) && now < ban.Until)
            return $"a process of user id {id} misused it; {(ban.Until - now + 999_999) / 1_000_000} s are left";
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
    public void Ban(long now, uint user)
    {
        long length = _bans.TryGetValue(user, out (long Until, long Length) former)
            ? Math.Min(former.Length * 2, LongestBan)
            : FirstBan;
        if (_bans.Count >= MaxBans && !_bans.ContainsKey(user))
            _bans.Remove(_bans.MinBy(static ban => ban.Value.Until).Key);
        _bans[user] = (now + length, length);
    }
}
