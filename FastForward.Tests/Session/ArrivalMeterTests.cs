using CsCheck;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>Loss and reordering, derived from packet numbers.</summary>
[TestFixture]
public sealed class ArrivalMeterTests
{
    [Test]
    public void Counts_match_a_model()
    {
        // The numbers that arrive, in order of arrival: each at most once, as guaranteed by the replay window.
        Gen.Int[0, 60]
            .Array[0, 60]
            .Sample(
                numbers =>
                {
                    int[] arrivals = [.. numbers.Distinct()];
                    ArrivalMeter meter = new();
                    foreach (int number in arrivals)
                        meter.Add((ulong)number);
                    int expected = arrivals.Length == 0 ? 0 : arrivals.Max() + 1;
                    int reordered = arrivals
                        .Where((number, index) => arrivals.Take(index).Any(earlier => earlier > number))
                        .Count();
                    Assert.That(meter.Received, Is.EqualTo(arrivals.Length));
                    Assert.That(meter.Lost, Is.EqualTo(expected - arrivals.Length));
                    Assert.That(meter.Reordered, Is.EqualTo(reordered));
                    Assert.That(
                        meter.LossRatio,
                        Is.EqualTo(expected == 0 ? 0 : (double)(expected - arrivals.Length) / expected).Within(1e-12)
                    );
                    Assert.That(
                        meter.ReorderedRatio,
                        Is.EqualTo(arrivals.Length == 0 ? 0 : (double)reordered / arrivals.Length).Within(1e-12)
                    );
                },
                iter: 2000
            );
    }

    [Test]
    public void Ratios_cover_the_window_and_counts_everything()
    {
        ArrivalMeter meter = new();
        ulong number = 0;
        for (int i = 0; i < 10; i++, number += 2)
            meter.Add(number); // every other one is lost
        Assert.That(meter.LossRatio, Is.EqualTo(9.0 / 19).Within(1e-12));
        for (int interval = 0; interval <= ArrivalMeter.Intervals; interval++)
        {
            meter.EndInterval();
            meter.Add(number++);
        }

        // The window is full and starts at the first mark, after which one loss was detected.
        Assert.That(meter.Lost, Is.EqualTo(10));
        Assert.That(meter.LossRatio, Is.Zero);
    }

    [Test]
    public void Late_packets_from_before_the_window_do_not_make_the_loss_negative()
    {
        ArrivalMeter meter = new();
        meter.Add(9);
        for (int interval = 0; interval < ArrivalMeter.Intervals; interval++)
            meter.EndInterval();
        for (ulong late = 0; late < 9; late++)
            meter.Add(late);
        Assert.That(meter.LossRatio, Is.Zero);
        Assert.That(meter.ReorderedRatio, Is.EqualTo(1));
        Assert.That(meter.Lost, Is.Zero);
    }

    [Test]
    public void The_highest_packet_numbers_are_handled()
    {
        ArrivalMeter meter = new();
        meter.Add(ulong.MaxValue - 1);
        Assert.That(meter.Lost, Is.EqualTo(long.MaxValue));
        Assert.That(meter.LossRatio, Is.InRange(0.99, 1));
    }
}
