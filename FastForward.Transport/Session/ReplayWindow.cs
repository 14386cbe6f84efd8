using System.Numerics;

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
    /// Enough for most: reordering displaces a packet by jitter x packet rate, and 75 ms at 100,000 packets per second
    /// are 7,500.
    /// </summary>
    public const int DefaultSize = 8192;

    /// <summary>The largest size that an option may set.</summary>
    public const int MaxSize = 65_536;

    private readonly int _size;
    private readonly ulong[] _bits;
    private ulong[]? _refused; // created when needed: what a peer that follows the protocol sends is seldom refused

    /// <param name="size">How far behind the highest number a packet may be: a multiple of 64.</param>
    public ReplayWindow(int size = DefaultSize)
    {
        _size = size;
        // At least one word more than the window, so that a word that is cleared is outside the window.
        _bits = new ulong[BitOperations.RoundUpToPowerOf2((uint)(size / 64) + 1)];
    }

    /// <summary>How far behind the highest number a packet may be.</summary>
    public ulong Size => (ulong)_size;

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
            ulong steps = Math.Min(newest - newestBefore, (ulong)_bits.Length);
            for (ulong i = 0; i < steps; i++)
            {
                _bits[IndexOf(64 * (newest - i))] = 0;
                if (_refused is not null)
                    _refused[IndexOf(64 * (newest - i))] = 0;
            }

            Next = number + 1;
        }

        _bits[IndexOf(number)] |= BitOf(number);
    }

    /// <summary>
    /// The content of the packet was not taken: it is not to be acknowledged. It must lie within the window.
    /// </summary>
    public void Refuse(ulong number)
    {
        _refused ??= new ulong[_bits.Length];
        _refused[IndexOf(number)] |= BitOf(number);
    }

    /// <summary>The number has arrived. It must lie within the window.</summary>
    public bool Contains(ulong number) => (_bits[IndexOf(number)] & BitOf(number)) != 0;

    /// <summary>The number has arrived, and its content was taken. It must lie within the window.</summary>
    public bool IsTaken(ulong number) =>
        Contains(number) && (_refused is null || (_refused[IndexOf(number)] & BitOf(number)) == 0);

    private int IndexOf(ulong number) => (int)(number / 64) & (_bits.Length - 1);

    private static ulong BitOf(ulong number) => 1ul << (int)(number % 64);
}
