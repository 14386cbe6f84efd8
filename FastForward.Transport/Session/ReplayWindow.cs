namespace FastForward.Transport.Session;

/// <summary>
/// Accepts each packet number at most once: a ring of bits as in RFC 6479.
/// </summary>
internal sealed class ReplayWindow
{
    /// <summary>How far behind the highest number a packet may be.</summary>
    public const int Size = 1024;

    // One word more than the window, so that a word that is cleared is outside the window.
    private const int Words = (Size / 64) + 1;

    private readonly ulong[] _bits = new ulong[Words];
    private ulong _next;

    /// <summary>Accepts a number once.</summary>
    /// <returns>False when it was accepted before, or is older than the window.</returns>
    public bool TryTake(ulong number)
    {
        if (number == ulong.MaxValue)
            return false; // _next would overflow
        if (number >= _next)
        {
            ulong newest = number / 64;
            ulong newestBefore = _next == 0 ? 0 : (_next - 1) / 64;
            ulong steps = Math.Min(newest - newestBefore, Words);
            for (ulong i = 0; i < steps; i++)
                _bits[(newest - i) % Words] = 0;
            _next = number + 1;
        }
        else if (_next - number > Size)
        {
            return false;
        }

        ref ulong word = ref _bits[number / 64 % Words];
        ulong bit = 1ul << (int)(number % 64);
        if ((word & bit) != 0)
            return false;
        word |= bit;
        return true;
    }
}
