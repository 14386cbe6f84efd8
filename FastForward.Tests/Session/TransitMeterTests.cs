using CsCheck;
using FastForward.Transport.Session;

namespace FastForward.Tests.Session;

/// <summary>How much longer than the base a frame travelled, by clocks that neither agree nor run alike.</summary>
[TestFixture]
public sealed class TransitMeterTests
{
    private const long Millisecond = 1_000;
    private const long Second = 1_000_000;
    private const long Step = 60 * Millisecond;
    private const long Offset = 3_210_987_654; // of the clock of the peer

    private TransitMeter _meter = null!;

    [SetUp]
    public void SetUp() => _meter = new TransitMeter();

    [Test]
    public void The_base_is_the_least_transit_of_the_last_one_to_two_seconds()
    {
        Gen.Select(Gen.Int[1, 400_000], Gen.Int[0, 50_000])
            .Array[1, 80]
            .Sample(
                steps =>
                {
                    TransitMeter meter = new();
                    List<(long At, long Transit)> all = [];
                    long now = 0;
                    foreach ((int wait, int transit) in steps)
                    {
                        now += wait;
                        all.Add((now, transit));
                        long excess = Add(meter, now, transit, step: long.MaxValue);
                        long ofOne = transit - Least(all, now - Second);
                        long ofTwo = transit - Least(all, now - (2 * Second));
                        // Frames come at least every 400 ms, so that a half begins no later than that.
                        long ofMore = transit - Least(all, now - (3 * Second));
                        Assert.That(excess, Is.InRange(ofOne, ofMore));
                        Assert.That(excess, Is.GreaterThanOrEqualTo(0));
                        if (ofOne == ofTwo && ofTwo == ofMore)
                            Assert.That(excess, Is.EqualTo(ofTwo));
                    }
                },
                iter: 500
            );

        static long Least(List<(long At, long Transit)> all, long since) =>
            all.Where(one => one.At > since).Min(static one => one.Transit);
    }

    [Test]
    public void A_shorter_route_is_learned_with_its_first_frame_and_a_longer_one_within_two_seconds()
    {
        Steady(0, 50 * Millisecond);
        Assert.That(Add(_meter, 3 * Second, 20 * Millisecond), Is.Zero);
        Assert.That(Steady(3 * Second, 50 * Millisecond).Last(), Is.Zero, "a step of 30 ms is below the limit");
        Assert.That(_meter.Steps, Is.Zero);
    }

    [Test]
    public void The_eighth_frame_in_a_row_far_above_the_base_shows_a_longer_route()
    {
        Steady(0, 10 * Millisecond);
        long[] excesses = [.. Frames(3 * Second, 20, 160 * Millisecond)];
        Assert.That(excesses[..7], Is.All.EqualTo(150 * Millisecond));
        Assert.That(excesses[7..], Is.All.Zero);
        Assert.That(_meter.Steps, Is.EqualTo(1));
    }

    [Test]
    public void One_frame_in_between_shows_that_the_route_is_the_same()
    {
        Steady(0, 10 * Millisecond);
        for (int round = 0; round < 10; round++)
        {
            Frames(3 * Second + (round * 100 * Millisecond), 7, 160 * Millisecond);
            Add(_meter, 3 * Second + (round * 100 * Millisecond) + (80 * Millisecond), 10 * Millisecond);
        }

        Assert.That(_meter.Steps, Is.Zero);
    }

    [Test]
    public void A_queue_that_empties_is_no_longer_route()
    {
        Steady(0, 10 * Millisecond);
        // Nothing arrived for 200 ms; what was sent meanwhile, a frame each 5 ms, comes within 4 ms.
        for (int i = 0; i < 40; i++)
        {
            long sent = 3 * Second + (i * 5 * Millisecond);
            long arrived = 3 * Second + (210 * Millisecond) + (i * 100);
            Add(_meter, arrived, arrived - sent);
        }

        Assert.That(_meter.Steps, Is.Zero);
        Assert.That(Add(_meter, 4 * Second, 10 * Millisecond), Is.Zero, "the base is that of before");
    }

    [Test]
    public void What_waited_while_this_process_stood_still_shows_no_longer_route()
    {
        Steady(0, 10 * Millisecond);
        _meter.OnStall(3 * Second);
        Frames(3 * Second, 9, 160 * Millisecond); // within 90 ms
        Assert.That(_meter.Steps, Is.Zero);
        Frames(3 * Second + (110 * Millisecond), 9, 160 * Millisecond);
        Assert.That(_meter.Steps, Is.EqualTo(1), "later it does");
    }

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(-1)]
    public void Timestamps_wrap_without_a_trace(int direction)
    {
        // The transit itself wraps, too, where the clocks drift apart over the limit.
        long now = 0;
        for (int i = 0; i < 100_000; i++)
        {
            now += 100 * Millisecond; // 10,000 s: more than two rounds of the clock
            long transit = (10 * Millisecond) + (direction * i * 40L) + (i % 3 * Millisecond);
            Assert.That(Add(_meter, now, transit), Is.InRange(0, (2 * Millisecond) + 1_000), $"frame {i}");
        }

        Assert.That(_meter.Steps, Is.Zero);
    }

    [TestCase(200)]
    [TestCase(-200)]
    public void A_drift_of_200_ppm_makes_nothing_late_within_ten_minutes(int ppm)
    {
        Random random = new(1);
        long worst = 0;
        for (long now = 0; now < 600 * Second; now += 20 * Millisecond)
        {
            long transit = (30 * Millisecond) + random.NextInt64(75 * Millisecond) + (now * ppm / 1_000_000);
            worst = Math.Max(worst, Add(_meter, now, transit));
        }

        Assert.That(worst, Is.LessThan(120 * Millisecond), "the budget");
        Assert.That(worst, Is.LessThan(76 * Millisecond), "the jitter, and the drift of two seconds");
    }

    [Test]
    public void The_quantiles_are_those_of_the_excesses()
    {
        for (int i = 0; i < 1000; i++)
            Add(_meter, i * Millisecond, 500 + (i % 100 * Millisecond), step: long.MaxValue);
        Assert.That(_meter.Count, Is.EqualTo(1000));
        Assert.That(_meter.Quantile(50), Is.EqualTo(50 * Millisecond));
        Assert.That(_meter.Quantile(99), Is.EqualTo(99 * Millisecond));
    }

    private List<long> Steady(long from, long transit) => Frames(from, 250, transit);

    // One each 10 ms.
    private List<long> Frames(long from, int count, long transit) =>
        [.. Enumerable.Range(0, count).Select(i => Add(_meter, from + (i * 10 * Millisecond), transit))];

    private static long Add(TransitMeter meter, long now, long transit, long step = Step) =>
        meter.Add(now, (uint)(now + Offset - transit), step);
}
