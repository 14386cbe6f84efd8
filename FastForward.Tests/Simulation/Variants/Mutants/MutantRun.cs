using System.Diagnostics;
using FastForward.Tests.Layers;

namespace FastForward.Tests.Simulation.Variants.Mutants;

/// <summary>
/// How many mistakes in the session the tests notice: mutants drawn by a seed, each first in tiny worlds, then in those
/// tests of the session that take less than seconds.
/// </summary>
internal sealed class MutantRun(TextWriter output)
{
    private const int Worlds = 400;

    private int _noProgram;
    private int _byWorlds;
    private int _byTests;
    private readonly List<Mutant> _survivors = [];

    public int Survivors => _survivors.Count;

    public int Killed => _byWorlds + _byTests;

    /// <summary>All mutants of the session, in the order of the source.</summary>
    public static IReadOnlyList<Mutant> FindAll() =>
        [
            .. ProjectSources
                .Files(Variant.Session.TrimEnd('/'))
                .SelectMany(static file =>
                    MutantFinder.Find(Path.GetRelativePath(SourceTree.Root, file), File.ReadAllText(file))
                ),
        ];

    /// <summary>Draws mutants and tests them.</summary>
    /// <param name="sample">How many; those that are no programs do not count.</param>
    /// <param name="seed">Decides which.</param>
    /// <param name="withTests">Also run tests of the session where worlds notice nothing.</param>
    /// <param name="place">Only those whose description has this in it.</param>
    public void Run(int sample, int seed, bool withTests, string place)
    {
        if (withTests && Variant.BuildWithTests().FindFailedTest() is { } failed)
            throw new InvalidOperationException($"{failed} fails without a mutant.");
        Mutant[] all = [.. FindAll().Where(mutant => $"{mutant}".Contains(place, StringComparison.Ordinal))];
        new Random(seed).Shuffle(all);
        long began = Stopwatch.GetTimestamp();
        foreach (Mutant mutant in all)
        {
            if (Killed + Survivors == sample)
                break;
            Test(mutant, withTests);
        }

        output.WriteLine(
            $"{all.Length} mutants; of {Killed + Survivors} (seed {seed}) {Killed} are noticed, {_byWorlds} in "
                + $"{Worlds} tiny worlds and {_byTests} in tests; {_noProgram} more are no programs; "
                + $"{Stopwatch.GetElapsedTime(began).TotalSeconds:F0} s. Not noticed:"
        );
        foreach (Mutant mutant in _survivors.OrderBy(static one => one.File).ThenBy(static one => one.Line))
            output.WriteLine($"  {mutant}");
    }

    private void Test(Mutant mutant, bool withTests)
    {
        if (Variant.TryBuild(mutant, SmallLimits.All, withTests: false) is not { } small)
        {
            _noProgram++;
            return;
        }

        string noticed = "";
        if (small.Find(0, Worlds, stopAfter: 1).Failed is [var world, ..])
        {
            _byWorlds++;
            noticed = $"world {world.Seed}";
        }
        else if (withTests && Variant.TryBuild(mutant, [], withTests: true)!.FindFailedTest() is { } test)
        {
            _byTests++;
            noticed = test;
        }
        else
        {
            _survivors.Add(mutant);
        }

        output.WriteLine($"{(noticed.Length > 0 ? "noticed" : "NOT NOTICED")} {mutant} {noticed}");
    }
}
