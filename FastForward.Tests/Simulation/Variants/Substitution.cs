namespace FastForward.Tests.Simulation.Variants;

/// <summary>Replaces a text that occurs once in a source file.</summary>
/// <param name="File">The file, relative to the root of the repository.</param>
/// <param name="Text">What is there.</param>
/// <param name="Replacement">What takes its place.</param>
internal sealed record Substitution(string File, string Text, string Replacement)
{
    public string Apply(string source)
    {
        int place = source.IndexOf(Text, StringComparison.Ordinal);
        if (place < 0 || source.IndexOf(Text, place + 1, StringComparison.Ordinal) >= 0)
            throw new InvalidOperationException(
                $"'{Text}' does not occur exactly once in {File}, which has changed: change the substitution, too."
            );
        return source.Replace(Text, Replacement, StringComparison.Ordinal);
    }
}
