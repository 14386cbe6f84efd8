using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session.Recovery;

/// <summary>When real-time messages are copied, how often and after how long, and why.</summary>
[TestFixture]
public sealed class CopyPolicyTests
{
    private const long Millisecond = 1_000;
    private const long Second = 1_000_000;
    private const long Budget = 120 * Millisecond;

    private CopyPolicy _policy = null!;
    private long _now;

    [SetUp]
    public void SetUp()
    {
        _policy = new CopyPolicy(RealTimeRedundancy.Auto);
        _now = 0;
    }

    [Test]
    public void Nothing_is_copied_before_the_path_is_measured()
    {
        Assert.That((_policy.Copies, _policy.Reason), Is.EqualTo((0, CopyReason.Unmeasured)));
        Decide(BadWan with { IsMeasured = false });
        Assert.That((_policy.Copies, _policy.Reason), Is.EqualTo((0, CopyReason.Unmeasured)));
    }

    [TestCase(0.0, nameof(CopyReason.Clean))]
    [TestCase(0.0009, nameof(CopyReason.Clean))]
    [TestCase(0.0011, nameof(CopyReason.Lossy))]
    [TestCase(0.02, nameof(CopyReason.Lossy))]
    public void A_path_that_loses_next_to_nothing_is_clean(double loss, string reason)
    {
        Decide(BadWan with { Loss = loss });
        Assert.That(_policy.Reason.ToString(), Is.EqualTo(reason));
        Assert.That(_policy.Copies, Is.EqualTo(reason == nameof(CopyReason.Lossy) ? 1 : 0));
    }

    [Test]
    public void Copies_end_at_half_of_the_loss_where_they_begin()
    {
        Decide(BadWan with { Loss = 0.0008 });
        Assert.That(_policy.Copies, Is.Zero);
        Decide(BadWan with { Loss = 0.0012 });
        Assert.That(_policy.Copies, Is.EqualTo(1));
        Decide(BadWan with { Loss = 0.0008 });
        Assert.That(_policy.Copies, Is.EqualTo(1));
        Decide(BadWan with { Loss = 0.0004 });
        Assert.That(_policy.Copies, Is.Zero);
    }

    [Test]
    public void Where_repetition_is_fast_enough_nothing_is_copied()
    {
        Decide(BadWan with { RoundTrip = 4 * Millisecond, Transit = new TransitReport(0, 1_000, 2_000, 3_000) });
        Assert.That((_policy.Reason, _policy.Copies), Is.EqualTo((CopyReason.Repeated, 0)));
        SetUp();
        Decide(BadWan, budget: 5 * Second);
        Assert.That(_policy.Reason, Is.EqualTo(CopyReason.Repeated), "with a long budget everywhere");
    }

    [Test]
    public void Where_not_even_a_copy_comes_in_time_nothing_is_copied()
    {
        Decide(BadWan, budget: 30 * Millisecond);
        Assert.That((_policy.Reason, _policy.Copies), Is.EqualTo((CopyReason.Hopeless, 0)));
    }

    [Test]
    public void A_copy_comes_eight_frames_later_but_still_in_time()
    {
        Decide(BadWan with { Transit = Transit(q99: 60) }); // 333 frames per second: 24 ms later
        Assert.That(_policy.Delay, Is.EqualTo(8 * Second / 333).Within(Millisecond));
        Decide(BadWan with { FrameRate = 5_000 });
        Assert.That(_policy.Delay, Is.EqualTo(8 * Millisecond), "no sooner: bursts of loss take time");
        Decide(BadWan with { FrameRate = 50, Transit = Transit(q99: 80) });
        Assert.That(
            _policy.Delay,
            Is.EqualTo((Budget - (80 * Millisecond) - (2 * Millisecond)) / 2),
            "a second one would still be in time"
        );
        Decide(BadWan with { FrameRate = 50, Transit = Transit(q99: 119) });
        Assert.That(_policy.Delay, Is.EqualTo(8 * Millisecond), "never at once");
        Decide(BadWan with { FrameRate = 0 });
        Assert.That(_policy.Delay, Is.EqualTo(8 * Millisecond));
    }

    [Test]
    public void A_delay_is_never_negative_or_longer_than_the_budget()
    {
        Random random = new(1);
        for (int i = 0; i < 20_000; i++)
        {
            long budget = random.NextInt64(1, 2 * Second);
            long q99 = random.NextInt64(256) * Millisecond;
            Decide(
                BadWan with
                {
                    Loss = random.NextDouble(),
                    FrameRate = random.NextDouble() * random.Next(100_000),
                    RoundTrip = random.NextInt64(Second),
                    Transit = new TransitReport((uint)random.NextInt64(1 << 20), q99 / 2, q99, q99),
                },
                budget
            );
            Assert.That(_policy.Delay, Is.InRange(0, budget));
            Assert.That(_policy.Copies, Is.InRange(0, 2));
            Assert.That(_policy.Allowance, Is.InRange(10, 200));
        }
    }

    [Test]
    public void A_sparse_path_gets_two_copies()
    {
        Decide(BadWan with { FrameRate = 17, Transit = Transit(q99: 30) }, budget: 250 * Millisecond);
        Assert.That(_policy.Copies, Is.EqualTo(2));
        Assert.That((2 * _policy.Delay) + (32 * Millisecond), Is.LessThanOrEqualTo(250 * Millisecond), "in time");
        Decide(BadWan with { FrameRate = 90, Transit = Transit(q99: 30) }, budget: 250 * Millisecond);
        Assert.That(_policy.Copies, Is.EqualTo(2));
        Decide(BadWan with { FrameRate = 110, Transit = Transit(q99: 30) }, budget: 250 * Millisecond);
        Assert.That(_policy.Copies, Is.EqualTo(1), "no path is sparse above 100 frames per second");
    }

    [Test]
    public void The_allowance_covers_copies_and_a_tenth_and_is_never_above_twice_the_fresh_bytes()
    {
        Assert.That(_policy.Allowance, Is.EqualTo(10));
        Decide(BadWan);
        Assert.That((_policy.Copies, _policy.Allowance), Is.EqualTo((1, 120)));
        Decide(BadWan with { FrameRate = 90, Transit = Transit(q99: 30) }, budget: 250 * Millisecond);
        Assert.That((_policy.Copies, _policy.Allowance), Is.EqualTo((2, 200)));
    }

    [Test]
    public void A_congested_path_gets_no_copies()
    {
        for (int i = 0; i < 20; i++)
            Decide(BadWan with { Transit = Transit(median: 2, q99: 30) });
        Assert.That(_policy.Reason, Is.EqualTo(CopyReason.Lossy));
        Decide(BadWan with { Transit = Transit(median: 25, q99: 60) });
        Assert.That((_policy.Reason, _policy.Copies, _policy.Allowance), Is.EqualTo((CopyReason.Congested, 0, 10)));
        Assert.That(_policy.Explain(), Does.Contain("23 ms longer"));
    }

    [TestCase(RealTimeRedundancy.Off, nameof(CopyReason.Off), 0)]
    [TestCase(RealTimeRedundancy.Always, nameof(CopyReason.Always), 1)]
    public void Options_decide_whatever_was_measured(RealTimeRedundancy mode, string reason, int copies)
    {
        _policy = new CopyPolicy(mode);
        Assert.That(
            (_policy.Reason.ToString(), _policy.Copies),
            Is.EqualTo((reason, copies)),
            "before the path is measured"
        );
        foreach (PathQuality quality in new[] { BadWan, BadWan with { Loss = 0 }, BadWan with { IsMeasured = false } })
        {
            Decide(quality);
            Assert.That((_policy.Reason.ToString(), _policy.Copies), Is.EqualTo((reason, copies)));
        }
    }

    [Test]
    public void An_ordered_medium_gets_no_copies()
    {
        Decide(BadWan);
        _policy.OnOrdered();
        Assert.That((_policy.Reason, _policy.Copies), Is.EqualTo((CopyReason.Ordered, 0)));
    }

    private static PathQuality BadWan =>
        new()
        {
            IsMeasured = true,
            Loss = 0.02,
            Burst = 2,
            RoundTrip = 135 * Millisecond,
            FrameRate = 333,
            Transit = new TransitReport(0, 37 * Millisecond, 71 * Millisecond, 75 * Millisecond),
        };

    private static TransitReport Transit(long q99, long median = 10) =>
        new(0, median * Millisecond, q99 * Millisecond, q99 * Millisecond);

    private void Decide(in PathQuality quality, long budget = Budget) =>
        _policy.Update(_now += Second, quality, budget);
}
