namespace FastForward.Transport.Session;

/// <summary>
/// Which frames arrive over a path of datagrams, found by probes that are filled up to a size (after RFC 8899). While
/// other probes are answered, a size whose probes are lost several times in a row is taken to be too long for the path,
/// and the next shorter one is tried. The longest is tried again from time to time.
/// </summary>
internal sealed class PathSize
{
    /// <summary>The first id: above those of <see cref="PathProber"/>, below those of <see cref="Pings"/>.</summary>
    public const uint FirstId = 1u << 30;

    /// <summary>Probes of one size in a row without an answer after which the size is given up.</summary>
    public const int LostInARow = 4;

    // In probe intervals: confirming a size that works, and trying the longest one again.
    private const int ConfirmAfter = 30;
    private const int RaiseAfter = 60;

    // What a path may carry below the longest frame. 548 is what every IPv4 host takes (RFC 791): 576 less 28.
    private static readonly int[] s_shorter = [1400, 1300, 1200, 1100, 1000, 900, 800, 700, 548, 400, 256];

    private readonly int _longest;
    private uint _id = FirstId;
    private int _tried;
    private int _lost;
    private int _rest;
    private bool _isOutstanding;

    public PathSize(int longest) => Limit = _tried = _longest = longest;

    /// <summary>The longest frame that is written, in bytes.</summary>
    public int Limit { get; private set; }

    public bool IsLimited => Limit < _longest;

    /// <summary>A frame of this length has arrived.</summary>
    public bool IsKnown { get; private set; }

    /// <summary>A probe must be written.</summary>
    public bool IsPending { get; private set; }

    /// <summary>Whether the id is that of such a probe.</summary>
    public static bool IsId(uint id) => id is >= FirstId and < FirstId << 1;

    /// <summary>The path is established.</summary>
    public void Start() => IsPending = true;

    /// <summary>The path leads elsewhere: the longest frame is tried first, as at the beginning.</summary>
    public void Restart()
    {
        Limit = _tried = _longest;
        IsKnown = false;
        _isOutstanding = false;
        _lost = 0;
        Next(changed: false);
    }

    /// <summary>The probe to write now.</summary>
    /// <param name="size">The length of its frame.</param>
    public uint Take(out int size)
    {
        IsPending = false;
        _isOutstanding = true;
        size = _tried;
        return _id;
    }

    /// <summary>A probe interval has passed.</summary>
    /// <param name="isAnswering">The other probes of the path are answered.</param>
    /// <returns>Whether <see cref="Limit"/> has changed.</returns>
    public bool OnInterval(bool isAnswering)
    {
        if (!isAnswering)
            return false; // nothing arrives, whatever its size
        if (!_isOutstanding)
        {
            if (--_rest > 0 || IsPending)
                return false;
            _tried = IsLimited ? _longest : Limit;
            _lost = 0;
            return Next(changed: false);
        }

        if (++_lost < LostInARow)
            return Next(changed: false);
        _isOutstanding = false;
        _lost = 0;
        if (_tried > Limit)
        {
            _tried = Limit;
            _rest = RaiseAfter;
            return false;
        }

        int before = Limit;
        Limit = _tried = Below(before);
        IsKnown = false;
        return Next(changed: Limit != before);
    }

    /// <summary>A reply has come.</summary>
    /// <returns>Whether <see cref="Limit"/> has changed.</returns>
    public bool OnReply(uint id)
    {
        if (!_isOutstanding || id != _id)
            return false;
        _isOutstanding = false;
        _lost = 0;
        bool changed = _tried > Limit;
        Limit = _tried;
        IsKnown = true;
        _rest = IsLimited ? RaiseAfter : ConfirmAfter;
        return changed;
    }

    private static int Below(int size)
    {
        foreach (int shorter in s_shorter)
        {
            if (shorter < size)
                return shorter;
        }

        return s_shorter[^1];
    }

    private bool Next(bool changed)
    {
        _id = FirstId | ((_id + 1) & (FirstId - 1));
        IsPending = true;
        return changed;
    }
}
