namespace FastForward.Tests.Fuzzing;

/// <summary>
/// A bounded run of each target without a fuzzer: valid inputs are taken, and changed ones break no rule. A fuzzer runs
/// the same targets for as long as one likes (docs/architecture.md, "Fuzzing").
/// </summary>
[TestFixture]
public sealed class FuzzTests
{
    private static IEnumerable<FuzzTarget> Targets => FuzzTargets.All;

    [TestCaseSource(nameof(Targets))]
    public void Valid_inputs_are_taken(object target)
    {
        FuzzTarget parser = (FuzzTarget)target;
        foreach (byte[] input in parser.Corpus)
            Assert.DoesNotThrow(() => parser.Accepts(input), $"{parser}: {Convert.ToHexString(input)}");
        Assert.That(parser.Corpus.Count(parser.Accepts), Is.GreaterThan(parser.Corpus.Count / 2), $"{parser}");
    }

    [TestCaseSource(nameof(Targets))]
    public void Changed_inputs_break_no_rule(object target)
    {
        FuzzTarget parser = (FuzzTarget)target;
        int seed = FuzzRun.Seed;
        Mutator mutator = new(parser, seed);
        int taken = 0;
        for (int i = 0; i < FuzzRun.Inputs; i++)
        {
            byte[] input = mutator.Next();
            try
            {
                taken += parser.Accepts(input) ? 1 : 0;
            }
            catch (Exception exception)
            {
                Assert.Fail($"{parser}, seed {seed}, input {i}: {Convert.ToHexString(input)}\n{exception}");
            }
        }

        TestContext.Out.WriteLine($"{parser}, seed {seed}: {taken} of {FuzzRun.Inputs} taken");
        Assert.That(
            taken,
            Is.InRange(FuzzRun.Inputs / 100, FuzzRun.Inputs - (FuzzRun.Inputs / 100)),
            "both kinds are met"
        );
    }

    [Test]
    public void A_rule_that_is_broken_is_reported()
    {
        FuzzTarget target = new(
            "defect",
            [
                [1, 2, 3],
            ],
            Accepts
        );
        Mutator mutator = new(target, 1);
        Assert.That(
            () => Enumerable.Range(0, 100).Count(_ => target.Accepts(mutator.Next())),
            Throws.TypeOf<FuzzException>()
        );

        static bool Accepts(byte[] input)
        {
            FuzzTarget.Require(input is [1, 2, 3], "nothing else may come");
            return true;
        }
    }
}
