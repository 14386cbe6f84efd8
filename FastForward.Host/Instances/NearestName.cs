using System.Text;

namespace FastForward.Host.Instances;

/// <summary>Suggests a known name for a misspelt one.</summary>
internal static class NearestName
{
    /// <summary>The known name closest to <paramref name="written"/>, or null when none is close.</summary>
    public static string? Of(string written, IEnumerable<string> known)
    {
        string? best = null;
        int bestDistance = (written.Length / 3) + 2; // beyond that a suggestion is a guess
        foreach (string candidate in known)
        {
            int distance = Distance(written.ToLowerInvariant(), candidate.ToLowerInvariant());
            if (distance >= bestDistance)
                continue;
            best = candidate;
            bestDistance = distance;
        }

        return best;
    }

    /// <summary>
    /// A note about the first letter that no known name has, which may look like one that they have; else empty.
    /// </summary>
    public static string Foreign(string written)
    {
        foreach (Rune rune in written.EnumerateRunes())
        {
            if (!rune.IsAscii)
                return $" (its '{rune}' is the character U+{rune.Value:X4}, which no name has)";
        }

        return "";
    }

    /// <summary>Levenshtein: the insertions, deletions and replacements between two words.</summary>
    private static int Distance(string one, string other)
    {
        Span<int> row = stackalloc int[other.Length + 1];
        for (int i = 0; i < row.Length; i++)
            row[i] = i;
        for (int i = 1; i <= one.Length; i++)
        {
            int diagonal = row[0];
            row[0] = i;
            for (int j = 1; j < row.Length; j++)
            {
                int replaced = diagonal + (one[i - 1] == other[j - 1] ? 0 : 1);
                diagonal = row[j];
                row[j] = Math.Min(replaced, Math.Min(row[j], row[j - 1]) + 1);
            }
        }

        return row[^1];
    }
}
