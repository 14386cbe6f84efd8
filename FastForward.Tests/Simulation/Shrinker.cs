namespace FastForward.Tests.Simulation;

/// <summary>
/// Finds a short list of decisions that still makes a world fail: replaces blocks of them by the harmless decision
/// while it does (delta debugging), and then makes the numbers of the rest smaller.
/// </summary>
internal static class Shrinker
{
    /// <param name="trace">The decisions of a world that fails.</param>
    /// <param name="fails">Whether a world with these decisions still fails in the same way.</param>
    /// <param name="attempts">The most worlds to run.</param>
    public static List<(ChoicePoint Point, long Value)> Shrink(
        IEnumerable<(ChoicePoint Point, long Value)> trace,
        Predicate<List<(ChoicePoint Point, long Value)>> fails,
        int attempts
    )
    {
        List<(ChoicePoint Point, long Value)> kept = [.. trace];
        int block = Math.Max(kept.Count / 2, 1);
        while (kept.Count > 0 && attempts > 0)
        {
            bool isSmaller = false;
            for (int start = kept.Count - 1; start >= 0 && attempts > 0; start -= block)
            {
                int first = Math.Max(start - block + 1, 0);
                List<(ChoicePoint Point, long Value)> rest = [.. kept[..first], .. kept[(start + 1)..]];
                attempts--;
                if (!fails(rest))
                    continue;
                kept = rest;
                isSmaller = true;
            }

            if (block == 1 && !isSmaller)
                break;
            if (!isSmaller || block > kept.Count)
                block = Math.Max(Math.Min(block / 2, kept.Count / 2), 1);
        }

        for (int i = 0; i < kept.Count && attempts > 0; i++)
        {
            while (kept[i].Value > 1 && attempts-- > 0)
            {
                List<(ChoicePoint Point, long Value)> smaller = [.. kept];
                smaller[i] = (kept[i].Point, kept[i].Value / 2);
                if (!fails(smaller))
                    break;
                kept = smaller;
            }
        }

        return kept;
    }
}
