using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

public sealed class ForwardLoopOptionsTests
{
    private static IEnumerable<TestCaseData> Bad()
    {
        yield return new TestCaseData(
            new ForwardLoopOptions { Idle = (IdleStrategy)9 },
            nameof(ForwardLoopOptions.Idle)
        ).SetArgDisplayNames("Idle 9");
        yield return new TestCaseData(
            new ForwardLoopOptions { SpinTime = TimeSpan.FromMicroseconds(-1) },
            nameof(ForwardLoopOptions.SpinTime)
        ).SetArgDisplayNames("SpinTime -1 us");
        yield return new TestCaseData(
            new ForwardLoopOptions { SpinTime = TimeSpan.FromMicroseconds(1_000_001) },
            nameof(ForwardLoopOptions.SpinTime)
        ).SetArgDisplayNames("SpinTime 1000001 us");
        yield return new TestCaseData(
            new ForwardLoopOptions { PollBudget = 0 },
            nameof(ForwardLoopOptions.PollBudget)
        ).SetArgDisplayNames("PollBudget 0");
        yield return new TestCaseData(
            new ForwardLoopOptions { PollBudget = 65_537 },
            nameof(ForwardLoopOptions.PollBudget)
        ).SetArgDisplayNames("PollBudget 65537");
        yield return new TestCaseData(
            new ForwardLoopOptions { SlowCycleLimit = TimeSpan.Zero },
            nameof(ForwardLoopOptions.SlowCycleLimit)
        ).SetArgDisplayNames("SlowCycleLimit 0");
        yield return new TestCaseData(
            new ForwardLoopOptions { SlowCycleGrace = TimeSpan.FromMinutes(11) },
            nameof(ForwardLoopOptions.SlowCycleGrace)
        ).SetArgDisplayNames("SlowCycleGrace 11 min");
    }

    [TestCaseSource(nameof(Bad))]
    public void An_invalid_value_is_reported_with_the_option_name_and_an_example(
        ForwardLoopOptions options,
        string name
    ) =>
        Assert.That(
            () => new ForwardLoop(options),
            Throws.ArgumentException.With.Message.StartsWith(name).And.Message.Contains("use ")
        );

    [Test]
    public void Values_at_the_limits_are_valid()
    {
        using ForwardLoop low = new(
            new ForwardLoopOptions
            {
                SpinTime = TimeSpan.Zero,
                PollBudget = 1,
                SlowCycleLimit = TimeSpan.FromMicroseconds(1),
            }
        );
        using ForwardLoop high = new(
            new ForwardLoopOptions
            {
                SpinTime = TimeSpan.FromSeconds(1),
                PollBudget = 65_536,
                SlowCycleLimit = TimeSpan.MaxValue,
            }
        );
        Assert.That(low.DoWork() + high.DoWork(), Is.Zero);
    }
}
