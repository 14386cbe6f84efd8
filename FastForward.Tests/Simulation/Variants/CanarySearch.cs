namespace FastForward.Tests.Simulation.Variants;

/// <summary>How many worlds it takes to find a planted defect, from several places of the seeds.</summary>
internal static class CanarySearch
{
    /// <summary>More worlds than any search takes lie between two starts.</summary>
    public const ulong Distance = 1_000_000;

    /// <summary>
    /// The numbers of worlds until the defect was found, sorted; <paramref name="most"/> where it was not.
    /// </summary>
    public static int[] Run(Canary canary, int starts, int most)
    {
        Variant variant = Variant.Build([.. SmallLimits.All, .. canary.Changes]);
        int[] worlds = new int[starts];
        for (int i = 0; i < starts; i++)
        {
            ulong first = (ulong)i * Distance;
            (_, (ulong Seed, string Text)[] failed) = variant.Find(first, most, stopAfter: 1);
            worlds[i] = failed.Length == 0 ? most : (int)(failed[0].Seed - first) + 1;
        }

        Array.Sort(worlds);
        return worlds;
    }

    /// <summary>Prints a row for each defect.</summary>
    public static void Print(TextWriter output, IEnumerable<Canary> canaries, int starts, int most)
    {
        output.WriteLine("| planted defect | median | worlds until found |");
        output.WriteLine("|---|---|---|");
        foreach (Canary canary in canaries)
        {
            int[] worlds = Run(canary, starts, most);
            output.WriteLine($"| {canary} | {worlds[starts / 2]} | {string.Join(' ', worlds)} |");
        }
    }
}
