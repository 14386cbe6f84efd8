using FastForward.Transport;

namespace FastForward.Tests.Session;

/// <summary>
/// Voice over the network profiles that operators meet: what is missing at last, what that costs, and what is delayed.
/// </summary>
[TestFixture]
public sealed class RealTimeProfileTests
{
    [TestCase(120, 0.002)]
    [TestCase(250, 0.0001)]
    public void Bad_wan(int budgetMillis, double most)
    {
        VoiceScenario voice = new(budgetMillis) { Way = static () => NetworkProfile.BadWan };
        Assert.That(voice.Run().MissingRatio, Is.LessThanOrEqualTo(most));
        Assert.That(
            voice.Delay(50),
            Is.LessThanOrEqualTo(71_000),
            "the way takes 30 to 105 ms; copies are first at times"
        );
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Typical_and_busy(bool busy)
    {
        VoiceScenario voice = new(120)
        {
            Way = busy ? static () => NetworkProfile.Busy : static () => NetworkProfile.Typical,
            Streams = busy ? 100 : 20,
        };
        Assert.That(voice.Run().MissingRatio, Is.LessThanOrEqualTo(0.0001));
    }

    [Test]
    public void On_a_clean_path_nearly_nothing_is_sent_twice()
    {
        VoiceScenario voice = new(120)
        {
            Way = static () => new DatagramWay { Delay = 10_000, Jitter = 5_000 },
            Seconds = 30,
            Seeds = 2,
        };
        VoiceOutcome outcome = voice.Run();
        Assert.That((outcome.Missing, outcome.Copied), Is.EqualTo((0, 0)));
        Assert.That(outcome.Extra, Is.LessThan(outcome.Sent / 100));
    }

    [TestCase(RealTimeRedundancy.Off)]
    [TestCase(RealTimeRedundancy.Always)]
    public void The_option_decides_about_copies(RealTimeRedundancy redundancy)
    {
        VoiceScenario voice = new(120)
        {
            Way = static () => NetworkProfile.BadWan,
            Redundancy = redundancy,
            Settling = 5,
            Seconds = 20,
            Seeds = 1,
        };
        VoiceOutcome outcome = voice.Run();
        Assert.That(voice.Delay(50), Is.LessThanOrEqualTo(71_000), "what the way takes");
        bool isAlways = redundancy == RealTimeRedundancy.Always;
        Assert.That(outcome.Copied, isAlways ? Is.GreaterThan(outcome.Sent / 2) : Is.Zero);
        Assert.That(outcome.MissingRatio, isAlways ? Is.LessThan(0.004) : Is.GreaterThan(0.01));
    }

    // Not asserted: on such ways a copy may be lost together with its original.
    [TestCase(true)]
    [TestCase(false)]
    public void Reported_jitter_of_a_queue_and_outages(bool isCorrelated)
    {
        VoiceScenario voice = new(120)
        {
            Way = () =>
                new DatagramWay
                {
                    Delay = 30_000,
                    Jitter = 75_000,
                    Loss = isCorrelated ? 0.02 : 0.001,
                    Burst = 2,
                    IsCorrelated = isCorrelated,
                    OutageInterval = isCorrelated ? 0 : 997_000,
                    OutageLength = 20_000,
                },
            Settling = 10,
            Seconds = 30,
            Seeds = 1,
        };
        Assert.That(voice.Run().Sent, Is.Positive);
    }
}
