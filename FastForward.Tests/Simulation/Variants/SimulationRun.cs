using System.Globalization;
using FastForward.Tests.Simulation.Variants.Mutants;

namespace FastForward.Tests.Simulation.Variants;

/// <summary>
/// Worlds from the command line: <c>simulate sweep first count</c> counts failures, <c>simulate hash first count</c>
/// prints what each world wrote as a number, <c>simulate canaries starts most [names]</c> prints how many worlds find
/// each planted defect, <c>simulate mutants sample seed [worlds] [place]</c> how many of all small mistakes are
/// noticed, in tiny worlds and in tests, <c>simulate show seed</c> prints the events of a world, and
/// <c>simulate shrink seed</c> those of the smallest world that fails like it.
/// </summary>
internal static class SimulationRun
{
    public static int Run(string[] arguments)
    {
        ulong first = ulong.Parse(arguments[1], CultureInfo.InvariantCulture);
        switch (arguments)
        {
            case ["sweep", _, var count]:
                SweepResult result = Sweep.Run(first, Number(count), int.MaxValue);
                Console.Out.WriteLine(result);
                foreach (
                    IGrouping<WorldFailure, KeyValuePair<ulong, WorldResult>> kind in result.Failed.GroupBy(
                        static one => one.Value.Failure
                    )
                )
                {
                    Console.Out.WriteLine($"{kind.Key}: {kind.Count()}");
                    foreach ((ulong seed, WorldResult world) in kind.Take(5))
                        Console.Out.WriteLine($"  {seed}: {world.Text}\n    {world.Options}");
                }

                return result.Failed.Count == 0 ? 0 : 1;
            case ["hash", _, var count]:
                for (ulong seed = first; seed < first + (ulong)Number(count); seed++)
                    Console.Out.WriteLine(TinyWorld.Run(new SeededChoices(seed)).Hash);
                return 0;
            case ["canaries", _, var count, .. var names]:
                CanarySearch.Print(
                    Console.Out,
                    Canaries.All.Where(one => names.Length == 0 || names.Any(one.Name.Contains)),
                    (int)first,
                    Number(count)
                );
                return 0;
            case ["mutants", _, var seed, "worlds", .. var place]:
                new MutantRun(Console.Out).Run((int)first, Number(seed), withTests: false, string.Concat(place));
                return 0;
            case ["mutants", _, var seed, .. var place]:
                new MutantRun(Console.Out).Run((int)first, Number(seed), withTests: true, string.Concat(place));
                return 0;
            case ["small", _, var count]:
                (Mark marks, (ulong, string)[] small) = Variant.Build(SmallLimits.All).Find(first, Number(count), 100);
                Console.Out.WriteLine($"met {marks}");
                foreach ((ulong, string) failed in small)
                    Console.Out.WriteLine(failed);
                return 0;
            case ["show", _]:
                Console.Out.WriteLine(TinyWorld.Run(new SeededChoices(first), Console.Out.WriteLine));
                return 0;
            case ["shrink", _]:
                Console.Out.WriteLine(Trace.Of(first));
                return 0;
            default:
                return 2;
        }
    }

    private static int Number(string text) => int.Parse(text, CultureInfo.InvariantCulture);
}
