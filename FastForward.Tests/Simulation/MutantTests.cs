using FastForward.Tests.Simulation.Variants;
using FastForward.Tests.Simulation.Variants.Mutants;

namespace FastForward.Tests.Simulation;

/// <summary>
/// That mutants can be made and are noticed. How many are is a question for the command line
/// (<see cref="SimulationRun"/>), since it takes long.
/// </summary>
[TestFixture]
public sealed class MutantTests
{
    [Test]
    public void A_file_has_a_mutant_for_each_small_mistake()
    {
        const string Source = """
            enum E { One = 1 }
            class C
            {
                [A(1)] bool M(int i, bool b)
                {
                    i++;
                    if (i is < 7 || b)
                        return i - 2 == 0 ? b : false;
                    return true;
                }
            }
            """;
        IReadOnlyList<Mutant> mutants = MutantFinder.Find("C.cs", Source);
        string[] expected =
        [
            "C.cs:6: i++; => { }",
            "C.cs:7: i is < 7 || b => !(i is < 7 || b)",
            "C.cs:7: || => &&",
            "C.cs:7: < => <=",
            "C.cs:7: 7 => (7 + 1)",
            "C.cs:7: 7 => (7 - 1)",
            "C.cs:8: i - 2 == 0 => !(i - 2 == 0)",
            "C.cs:8: == => !=",
            "C.cs:8: - => +",
            "C.cs:8: 2 => (2 + 1)",
            "C.cs:8: 2 => (2 - 1)",
            "C.cs:8: 0 => (0 + 1)",
            "C.cs:8: false => true",
            "C.cs:9: true => false",
        ];
        Assert.That(mutants.Select(static mutant => $"{mutant}"), Is.EquivalentTo(expected));
        Mutant first = mutants.Single(static mutant => mutant.Text == "< => <=");
        Assert.That(first.Apply(Source), Is.EqualTo(Source.Replace("is < 7", "is <= 7", StringComparison.Ordinal)));
    }

    [Test]
    public void A_mutant_of_the_session_is_noticed_in_tiny_worlds()
    {
        IReadOnlyList<Mutant> all = MutantRun.FindAll();
        Assert.That(all, Has.Count.GreaterThan(1_000));
        Mutant mutant = all.First(static one =>
            one.File.EndsWith("Wire/Handshake.cs", StringComparison.Ordinal)
            && one.Text.Contains("Epoch); => { }", StringComparison.Ordinal)
        );
        Variant? variant = Variant.TryBuild(mutant, SmallLimits.All, withTests: false);
        Assert.That(variant!.Find(0, 20, stopAfter: 1).Failed, Is.Not.Empty, $"{mutant}");
        Mutant none = all.First(static one => one.Text == "handshake = default; => { }");
        Assert.That(Variant.TryBuild(none, [], withTests: false), Is.Null, $"{none} is no program");
    }

    [Test]
    public void Mutants_meet_the_tests_of_the_session() =>
        Assert.That(Variant.BuildWithTests().HasTest("LossRecoveryTests"), Is.True);
}
