using FastForward.Tests.Simulation.Variants;

namespace FastForward.Tests.Simulation;

/// <summary>
/// The sweep finds each planted defect. A change of the simulation that blinds it fails here; one of the source that a
/// defect is planted in, too: then <see cref="Canaries"/> follows it.
/// </summary>
[TestFixture]
public sealed class CanaryTests
{
    private const int MostWorlds = 10_000;

    [TestCaseSource(typeof(Canaries), nameof(Canaries.All))]
    public void A_planted_defect_is_found(object canary)
    {
        Variant variant = Variant.Build([.. SmallLimits.All, .. ((Canary)canary).Changes]);
        (_, (ulong Seed, string Text)[] failed) = variant.Find(0, MostWorlds, stopAfter: 1);
        Assert.That(failed, Is.Not.Empty, $"{canary}: not found in {MostWorlds} worlds");
        TestContext.Out.WriteLine($"{canary}: world {failed[0].Seed}, {failed[0].Text}");
    }

    [Test]
    public void A_substitution_whose_text_is_gone_says_so()
    {
        Substitution substitution = new("some file", "text", "other");
        Assert.That(substitution.Apply("a text"), Is.EqualTo("a other"));
        Assert.That(
            () => substitution.Apply("nothing"),
            Throws.InvalidOperationException.With.Message.Contains("some file")
        );
        Assert.That(() => substitution.Apply("text text"), Throws.InvalidOperationException);
    }
}
