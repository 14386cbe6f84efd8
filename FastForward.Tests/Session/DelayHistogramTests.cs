using CsCheck;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Quantiles of delays, against a sorted list.</summary>
[TestFixture]
public sealed class DelayHistogramTests
{
    [Test]
    public void Quantiles_match_a_sorted_list()
    {
        Gen.Select(Gen.Int[-5_000, 300_000].Array[1, 300], Gen.Int[1, 100])
            .Sample(
                (delays, percent) =>
                {
                    DelayHistogram histogram = new();
                    foreach (int delay in delays)
                        histogram.Add(delay);
                    // The least delay that so many percent do not exceed; bins have 1 ms, and end at 256 ms.
                    int[] sorted = [.. delays.Order()];
                    int rank = ((sorted.Length * percent) + 99) / 100;
                    long expected = (Math.Clamp(sorted[rank - 1] / 1_000, 0, 255) + 1) * 1_000;
                    Assert.That(histogram.Quantile(percent), Is.EqualTo(expected));
                    Assert.That(histogram.Count, Is.EqualTo(delays.Length));
                },
                iter: 3000
            );
    }

    [Test]
    public void Without_delays_all_quantiles_are_0() => Assert.That(new DelayHistogram().Quantile(99), Is.Zero);

    [Test]
    public void Old_delays_are_forgotten()
    {
        DelayHistogram histogram = new();
        for (int i = 0; i < 100_000; i++)
            histogram.Add(200_000);
        int needed = 0;
        for (; histogram.Quantile(99) > 100_000; needed++)
            histogram.Add(5_000);
        Assert.That(needed, Is.LessThan(20_000));
        Assert.That(histogram.Count, Is.InRange(1, 4_096), "never more than the counts of 16 bits hold");
        Assert.That(histogram.Quantile(50), Is.EqualTo(6_000));
    }
}
