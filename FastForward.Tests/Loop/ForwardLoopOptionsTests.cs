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
            new ForwardLoopOptions { SpinMicros = -1 },
            nameof(ForwardLoopOptions.SpinMicros)
        ).SetArgDisplayNames("SpinMicros -1");
        yield return new TestCaseData(
            new ForwardLoopOptions { SpinMicros = 1_000_001 },
            nameof(ForwardLoopOptions.SpinMicros)
        ).SetArgDisplayNames("SpinMicros 1000001");
        yield return new TestCaseData(
            new ForwardLoopOptions { PollBudget = 0 },
            nameof(ForwardLoopOptions.PollBudget)
        ).SetArgDisplayNames("PollBudget 0");
        yield return new TestCaseData(
            new ForwardLoopOptions { PollBudget = 65_537 },
            nameof(ForwardLoopOptions.PollBudget)
        ).SetArgDisplayNames("PollBudget 65537");
        yield return new TestCaseData(
            new ForwardLoopOptions { SlowCycleMicros = 0 },
            nameof(ForwardLoopOptions.SlowCycleMicros)
        ).SetArgDisplayNames("SlowCycleMicros 0");
    }

    [TestCaseSource(nameof(Bad))]
    public void An_invalid_value_is_reported_with_the_option_name_and_an_example(
        ForwardLoopOptions options,
        string name
    ) =>
        Assert.That(
            () => new ForwardLoop(options),
            Throws.ArgumentException.With.Message.StartsWith(name).And.Message.Match("good value|use ")
        );

    [Test]
    public void Values_at_the_limits_are_valid()
    {
        using ForwardLoop low = new(
            new ForwardLoopOptions
            {
                SpinMicros = 0,
                PollBudget = 1,
                SlowCycleMicros = 1,
            }
        );
        using ForwardLoop high = new(
            new ForwardLoopOptions
            {
                SpinMicros = 1_000_000,
                PollBudget = 65_536,
                SlowCycleMicros = int.MaxValue,
            }
        );
        Assert.That(low.DoWork() + high.DoWork(), Is.Zero);
    }
}
