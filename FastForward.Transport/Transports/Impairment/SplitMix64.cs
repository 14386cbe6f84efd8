namespace FastForward.Transport.Transports.Impairment;

/// <summary>
/// A generator of random numbers (SplitMix64: Steele, Lea and Flood, 2014) whose sequence depends on the seed alone, on
/// every machine and version of the runtime.
/// </summary>
internal struct SplitMix64(ulong seed)
{
    private const ulong Increment = 0x9E37_79B9_7F4A_7C15;

    private ulong _state = seed;

    /// <summary>A seed of its own for each member of a series.</summary>
    public static ulong SeedOf(ulong seed, ulong member) => new SplitMix64(seed ^ new SplitMix64(member).Next()).Next();

    public ulong Next()
    {
        _state += Increment;
        ulong mixed = (_state ^ (_state >> 30)) * 0xBF58_476D_1CE4_E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D0_49BB_1331_11EB;
        return mixed ^ (mixed >> 31);
    }

    /// <summary>A number from 0 to below 1.</summary>
    public double NextDouble() => (Next() >> 11) * (1.0 / (1UL << 53));
}
