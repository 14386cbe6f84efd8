namespace FastForward.Tests.Simulation;

/// <summary>
/// Decisions from a seed. Each is a function of the seed and its place alone, in every process and on every machine.
/// </summary>
internal sealed class SeededChoices(ulong seed) : IChoices
{
    // Streams are few and asked in runs.
    private string _stream = "";
    private ulong _key = KeyOf("");

    public long Below(in ChoicePoint point, long limit) => (long)Math.BigMul(Draw(point), (ulong)limit, out _);

    public long Chance(in ChoicePoint point, double probability) =>
        (Draw(point) >> 11) * (1.0 / (1UL << 53)) < probability ? 1 : 0;

    private ulong Draw(in ChoicePoint point)
    {
        if (!ReferenceEquals(point.Stream, _stream))
            (_stream, _key) = (point.Stream, KeyOf(point.Stream));
        return Mix(Mix(seed ^ _key) + ((ulong)point.Index * 0x9E3779B97F4A7C15));
    }

    private static ulong KeyOf(string name)
    {
        ulong key = 14695981039346656037;
        foreach (char letter in name)
            key = (key ^ letter) * 1099511628211;
        return key;
    }

    // The finalizer of SplitMix64.
    private static ulong Mix(ulong value)
    {
        value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9;
        value = (value ^ (value >> 27)) * 0x94D049BB133111EB;
        return value ^ (value >> 31);
    }
}
