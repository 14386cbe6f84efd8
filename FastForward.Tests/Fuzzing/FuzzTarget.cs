namespace FastForward.Tests.Fuzzing;

/// <summary>A parser of what comes from outside, for a fuzzer.</summary>
/// <param name="Name">For the command line.</param>
/// <param name="Corpus">Valid inputs, which a fuzzer changes.</param>
/// <param name="Accepts">
/// Gives an input to the parser. It returns whether the input was taken, and throws when the parser breaks a rule.
/// </param>
/// <param name="Words">Pieces that changed inputs may get.</param>
internal sealed record FuzzTarget(
    string Name,
    IReadOnlyList<byte[]> Corpus,
    Func<byte[], bool> Accepts,
    params IReadOnlyList<byte[]> Words
)
{
    public override string ToString() => Name;

    /// <summary>A rule of the parser.</summary>
    public static void Require(bool holds, string rule)
    {
        if (!holds)
            throw new FuzzException(rule);
    }

    public static void RequireEqual(ReadOnlySpan<byte> actual, ReadOnlySpan<byte> expected, string rule)
    {
        if (!actual.SequenceEqual(expected))
            throw new FuzzException(
                $"{rule}: {Convert.ToHexString(actual)} instead of {Convert.ToHexString(expected)}"
            );
    }
}
