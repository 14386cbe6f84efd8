using System.Globalization;
using FastForward.Tests.Simulation.Variants;

namespace FastForward.Tests.Simulation.Variants;

/// <summary>
/// Worlds from the command line: <c>simulate sweep first count</c> counts failures, <c>simulate hash first count</c>
/// prints what each world wrote as a number, <c>simulate show seed</c> prints the events of a world, and
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
                SweepResult result = Sweep.Run(first, int.Parse(count, CultureInfo.InvariantCulture), int.MaxValue);
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
                for (ulong seed = first; seed < first + ulong.Parse(count, CultureInfo.InvariantCulture); seed++)
                    Console.Out.WriteLine(TinyWorld.Run(new SeededChoices(seed)).Hash);
                return 0;
            case ["variant", _, var count, .. var names]:
                using (
                    Variant variant = Variant.Build([
                        .. SmallLimits.All,
                        .. Canaries.All.Where(canary => names.Contains(canary.Name)).SelectMany(static canary => canary.Changes),
                    ])
                )
                {
                    foreach ((ulong seed, string text) in variant.Find(first, int.Parse(count, CultureInfo.InvariantCulture), 30))
                        Console.Out.WriteLine($"{seed}: {text}");
                }

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
}
