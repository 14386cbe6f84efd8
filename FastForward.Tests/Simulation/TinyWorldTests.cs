using System.Globalization;
using FastForward.Tests.Simulation.Variants;

namespace FastForward.Tests.Simulation;

/// <summary>
/// Many tiny worlds. The seeds are the same in each run; FASTFORWARD_SIMULATION_FIRST begins elsewhere,
/// FASTFORWARD_TINY_WORLDS runs more or fewer of them, and FASTFORWARD_SIMULATION_SEEDS of all simulations.
/// </summary>
[TestFixture]
public sealed class TinyWorldTests
{
    private const Mark OnlyWithSmallLimits = Mark.SequenceWrap;

    private static int Seeds => Read("FASTFORWARD_SIMULATION_SEEDS", Read("FASTFORWARD_TINY_WORLDS", 14_000));

    private static ulong First => (ulong)Read("FASTFORWARD_SIMULATION_FIRST", 0);

    private static Mark All => Enum.GetValues<Mark>().Aggregate(static (all, mark) => all | mark);

    [Test]
    public void What_is_accepted_is_delivered_or_reported_and_the_nodes_come_to_rest()
    {
        SweepResult result = Sweep.Run(First, Seeds);
        TestContext.Out.WriteLine(result);
        if (result.Failed.Count > 0)
            Assert.Fail(Trace.Of(result.Failed.First().Key));
        Assert.That(result.Worlds, Is.EqualTo(Seeds));
        if (Seeds >= 1_000)
            Assert.That(All & ~OnlyWithSmallLimits & ~result.Marks, Is.EqualTo(Mark.None), "never met");
    }

    [Test]
    public void The_same_holds_where_limits_are_small_and_numbers_begin_shortly_before_they_wrap()
    {
        int seeds = Math.Min(Seeds, (Seeds * 3 / 7) + 1);
        Variant variant = Variant.Build(SmallLimits.All);
        (Mark marks, (ulong Seed, string Text)[] failed) = variant.Find(First, seeds, stopAfter: 1);
        TestContext.Out.WriteLine($"{seeds} worlds");
        Assert.That(failed, Is.Empty);
        if (seeds >= 1_000)
            Assert.That(All & ~marks, Is.EqualTo(Mark.None), "never met");
    }

    private static int Read(string variable, int standard) =>
        int.TryParse(Environment.GetEnvironmentVariable(variable), NumberStyles.None, null, out int value)
            ? value
            : standard;
}
