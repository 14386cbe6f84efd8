using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session.Recovery;

/// <summary>Loss and its bursts, from the fates of frames.</summary>
[TestFixture]
public sealed class LossMeterTests
{
    [Test]
    public void At_first_nothing_is_lost()
    {
        LossMeter meter = new();
        Assert.That((meter.Ratio, meter.Burst, meter.Frames), Is.EqualTo((0.0, 1.0, 0)));
        meter.Add(isLost: false);
        Assert.That((meter.Ratio, meter.Burst, meter.Frames), Is.EqualTo((0.0, 1.0, 1)));
    }

    [Test]
    public void Ratio_and_burst_are_those_of_the_frames()
    {
        LossMeter meter = new();
        foreach (char fate in "..x.xxx...xx........")
            meter.Add(fate == 'x');
        Assert.That(meter.Ratio, Is.EqualTo(6 / 20.0));
        Assert.That(meter.Burst, Is.EqualTo(2));
    }

    [TestCase(0.02, 1.0)]
    [TestCase(0.02, 2.0)]
    [TestCase(0.1, 5.0)]
    public void Random_loss_is_measured_at_any_time(double loss, double burst)
    {
        LossMeter meter = new();
        Random random = new(1);
        bool isLosing = false;
        double ratios = 0;
        double bursts = 0;
        const int Frames = 200_000;
        for (int i = 0; i < Frames; i++)
        {
            double leave = 1 / burst;
            isLosing = random.NextDouble() < (isLosing ? 1 - leave : loss * leave / (1 - loss));
            meter.Add(isLosing);
            Assert.That(meter.Burst, Is.GreaterThanOrEqualTo(1));
            Assert.That(meter.Ratio, Is.InRange(0, 1));
            ratios += meter.Ratio;
            bursts += meter.Burst;
        }

        Assert.That(ratios / Frames, Is.EqualTo(loss).Within(0.1 * loss));
        Assert.That(bursts / Frames, Is.EqualTo(burst).Within(0.15 * burst));
    }

    [Test]
    public void A_path_that_loses_no_more_is_clean_after_some_thousand_frames()
    {
        LossMeter meter = new();
        for (int i = 0; i < 10_000; i++)
            meter.Add(i % 10 == 0);
        int needed = 0;
        for (; meter.Ratio >= 0.0005; needed++)
            meter.Add(isLost: false);
        Assert.That(needed, Is.LessThan(12_000));
        for (int i = 0; i < 20_000; i++)
            meter.Add(isLost: false);
        Assert.That((meter.Ratio, meter.Burst), Is.EqualTo((0.0, 1.0)));
    }
}
