using FastForward.Tests.Simulation.Variants;

namespace FastForward.Tests.Simulation;

[TestFixture]
public sealed class TinyWorldTests
{
    [Test]
    public void Small()
    {
        using Variant variant = Variant.Build(SmallLimits.All);
        foreach ((ulong seed, string text) in variant.Find(0, 3000, 1000))
            TestContext.Out.WriteLine($"{seed}: {text}");
    }
}
