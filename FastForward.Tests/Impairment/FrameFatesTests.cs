using FastForward.Transport.Transports.Impairment;

namespace FastForward.Tests.Impairment;

/// <summary>The fates of frames, counted for fixed seeds and compared with the settings.</summary>
public sealed class FrameFatesTests
{
    private const int Frames = 200_000;

    [Test]
    public void Loss_comes_as_often_and_in_bursts_as_long_as_set([Values(1, 2, 5)] int burst, [Values(7, 8)] int seed)
    {
        ImpairmentOptions options = new() { LossPercent = 2, MeanBurst = burst };
        FrameFate[] fates = Draw(options, (ulong)seed);
        (int lost, int bursts) = Losses(fates);
        TestContext.Out.WriteLine($"seed {seed}: {lost} lost in {bursts} bursts");
        AssertCount(bursts, Frames * 0.02 / burst, "bursts");
        // The lengths of bursts scatter too: the deviation of the sum is at most twice that of independent losses.
        AssertCount(lost, Frames * 0.02, "lost", factor: 2 * Math.Sqrt(burst));
    }

    [Test]
    public void Without_a_burst_length_losses_are_independent()
    {
        (int lost, int bursts) = Losses(Draw(new ImpairmentOptions { LossPercent = 30 }, 7));
        AssertCount(lost, Frames * 0.3, "lost");
        AssertCount(bursts, Frames * 0.3 * 0.7, "bursts");
    }

    [Test]
    public void Copies_and_reordered_frames_come_as_often_as_set()
    {
        FrameFate[] fates = Draw(
            new ImpairmentOptions
            {
                Delay = TimeSpan.FromMilliseconds(1),
                DuplicatePercent = 0.5,
                ReorderPercent = 3,
            },
            7
        );
        AssertCount(fates.Count(static fate => fate.CopyDelayMicros is not null), Frames * 0.005, "copies");
        AssertCount(fates.Count(static fate => fate.DelayMicros == 0), Frames * 0.03, "reordered");
        Assert.That(fates.Select(static fate => fate.DelayMicros).Distinct(), Is.EquivalentTo(new[] { 0, 1000 }));
        Assert.That(fates, Has.All.Matches<FrameFate>(static fate => fate.CopyDelayMicros is null or 1000));
        Assert.That(fates, Has.None.Matches<FrameFate>(static fate => fate.IsLost));
    }

    [Test]
    public void Delays_are_spread_equally_over_the_jitter()
    {
        FrameFate[] fates = Draw(ImpairmentOptions.BadWan, 7);
        int[] counts = new int[5]; // of 15 ms each
        foreach (FrameFate fate in fates)
        {
            Assert.That(fate.DelayMicros, Is.InRange(30_000, 104_999));
            counts[(fate.DelayMicros - 30_000) / 15_000]++;
        }

        foreach (int count in counts)
            AssertCount(count, Frames / 5.0, "delays of a fifth of the range");
        Assert.That(
            fates.Where(static fate => fate.CopyDelayMicros == fate.DelayMicros).Count(),
            Is.LessThan(10),
            "a copy has a delay of its own"
        );
    }

    [Test]
    public void The_same_seed_has_the_same_fates_and_another_one_has_others()
    {
        FrameFate[] first = Draw(ImpairmentOptions.BadWan, 7),
            again = Draw(ImpairmentOptions.BadWan, 7);
        Assert.That(again, Is.EqualTo(first));
        Assert.That(Draw(ImpairmentOptions.BadWan, 8), Is.Not.EqualTo(first));
    }

    [Test]
    public void The_random_numbers_are_those_of_the_published_generator()
    {
        SplitMix64 random = new(0);
        Assert.That(random.Next(), Is.EqualTo(0xE220_A839_7B1D_CDAF));
        Assert.That(random.Next(), Is.EqualTo(0x6E78_9E6A_A1B9_65F4));
    }

    [Test]
    public void One_setting_does_not_change_what_another_one_does()
    {
        Assert.That(
            Draw(ImpairmentOptions.BadWan with { Jitter = default, DuplicatePercent = 0 }, 7)
                .Select(static fate => fate.IsLost),
            Is.EqualTo(Draw(ImpairmentOptions.BadWan, 7).Select(static fate => fate.IsLost))
        );
    }

    private static FrameFate[] Draw(ImpairmentOptions options, ulong seed)
    {
        FrameFates fates = new(options, seed);
        return [.. Enumerable.Range(0, Frames).Select(_ => fates.Next())];
    }

    private static (int Lost, int Bursts) Losses(FrameFate[] fates)
    {
        int lost = 0,
            bursts = 0;
        for (int i = 0; i < fates.Length; i++)
        {
            if (!fates[i].IsLost)
                continue;
            lost++;
            bursts += i > 0 && fates[i - 1].IsLost ? 0 : 1;
        }

        return (lost, bursts);
    }

    // Five standard deviations of a count of independent events.
    private static void AssertCount(int count, double mean, string what, double factor = 1)
    {
        double deviation = 5 * factor * Math.Sqrt(mean);
        Assert.That((double)count, Is.InRange(mean - deviation, mean + deviation), what);
    }
}
