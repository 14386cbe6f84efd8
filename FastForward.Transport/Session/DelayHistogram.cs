namespace FastForward.Transport.Session;

/// <summary>
/// How delays are distributed: bins of 1 ms up to a quarter of a second. Old ones count less and less: all counts are
/// halved whenever a few thousand have come together.
/// </summary>
internal sealed class DelayHistogram
{
    /// <summary>What is longer counts as this long.</summary>
    public const long Longest = Bins * 1_000;

    private const int Bins = 256;
    private const int HalvedAt = 4_096;

    private readonly ushort[] _bins = new ushort[Bins];

    /// <summary>How many delays count.</summary>
    public int Count { get; private set; }

    /// <summary>Adds a delay in microseconds.</summary>
    public void Add(long delay)
    {
        _bins[Math.Clamp(delay / 1_000, 0, Bins - 1)]++;
        if (++Count >= HalvedAt)
            Halve();
    }

    /// <summary>
    /// The delay, in microseconds, that no more than a share of the others exceeds: the upper end of its bin. Zero
    /// while there is none.
    /// </summary>
    /// <param name="percent">The share of delays up to it, 0 to 100.</param>
    public long Quantile(int percent)
    {
        int rank = (int)(((long)Count * percent) + 99) / 100;
        if (rank == 0)
            return 0;
        int bin = 0;
        for (int seen = _bins[0]; seen < rank && bin < Bins - 1; seen += _bins[bin])
            bin++;
        return (bin + 1) * 1_000;
    }

    private void Halve()
    {
        Count = 0;
        for (int i = 0; i < Bins; i++)
        {
            _bins[i] /= 2;
            Count += _bins[i];
        }
    }
}
