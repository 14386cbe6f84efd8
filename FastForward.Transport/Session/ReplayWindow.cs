namespace FastForward.Transport.Session;

/// <summary>What <see cref="ReplayWindow.Check"/> says of a packet number.</summary>
internal enum ReplayCheck
{
    /// <summary>It has not arrived yet.</summary>
    Fresh,

    /// <summary>It has arrived before.</summary>
    Duplicate,

    /// <summary>It is older than the window, so that it is not known whether it has arrived before.</summary>
    TooOld,
}

/// <summary>
/// The packet numbers that have arrived: a ring of bits as in RFC 6479. A number is checked first and committed only
/// after the packet was authenticated, so that a forged packet cannot take the place of a real one.
/// </summary>
internal sealed class ReplayWindow
{
    /// <summary>
    /// How far behind the highest number a packet may be. Reordering displaces a packet by jitter x packet rate: 75 ms
    /// at 100,000 packets per second are 7,500.
    /// </summary>
    public const int Size = 8192;

    // One word more than the window, so that a word that is cleared is outside the window.
    private const int Words = (Size / 64) + 1;

    private readonly ulong[] _bits = new ulong[Words];

    /// <summary>One more than the highest number that has arrived; 0 before the first.</summary>
    public ulong Next { get; private set; }

    public ReplayCheck Check(ulong number)
    {
        if (number == ulong.MaxValue)
            return ReplayCheck.TooOld; // Next would overflow
        if (number >= Next)
            return ReplayCheck.Fresh;
        if (Next - number > Size)
            return ReplayCheck.TooOld;
        return Contains(number) ? ReplayCheck.Duplicate : ReplayCheck.Fresh;
    }

    /// <summary>Records a number that <see cref="Check"/> found fresh.</summary>
    public void Commit(ulong number)
    {
        if (number >= Next)
        {
            ulong newest = number / 64;
            ulong newestBefore = Next == 0 ? 0 : (Next - 1) / 64;
            ulong steps = Math.Min(newest - newestBefore, Words);
            for (ulong i = 0; i < steps; i++)
                _bits[(newest - i) % Words] = 0;
            Next = number + 1;
        }

        _bits[number / 64 % Words] |= 1ul << (int)(number % 64);
    }

    /// <summary>The number counts as not arrived again. It must lie within the window.</summary>
    public void Remove(ulong number) => _bits[number / 64 % Words] &= ~(1ul << (int)(number % 64));

    /// <summary>The number has arrived. It must lie within the window.</summary>
    public bool Contains(ulong number) => (_bits[number / 64 % Words] & (1ul << (int)(number % 64))) != 0;
}
