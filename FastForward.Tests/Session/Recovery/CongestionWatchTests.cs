using FastForward.Transport.Session;
using FastForward.Transport.Session.Recovery;

namespace FastForward.Tests.Session.Recovery;

/// <summary>Loss that comes with a growing queue, and loss that does not.</summary>
[TestFixture]
public sealed class CongestionWatchTests
{
    private const long Millisecond = 1_000;
    private const long Second = 1_000_000;
    private const double Relevant = 0.001;

    private CongestionWatch _watch = null!;
    private long _now;

    [SetUp]
    public void SetUp()
    {
        _watch = new CongestionWatch();
        _now = 0;
        See(10, loss: 0, transit: 5);
    }

    [TestCase(0.0, 200, false, TestName = "A queue without loss")]
    [TestCase(0.1, 5, false, TestName = "Loss without a queue")]
    [TestCase(0.1, 24, false, TestName = "Loss with a little more transit")]
    [TestCase(0.1, 26, true, TestName = "Loss with more transit")]
    [TestCase(0.0009, 200, false, TestName = "A queue with next to no loss")]
    public void Congestion_is_loss_with_a_queue(double loss, long transit, bool isCongested)
    {
        See(3, loss, transit);
        Assert.That(_watch.IsCongested, Is.EqualTo(isCongested));
    }

    [Test]
    public void A_queue_that_never_empties_moves_the_base_and_is_seen_all_the_same()
    {
        // The base is that of two seconds: what was the median before is the base now.
        _watch.Update(_now += Second, Quality(0.1, transit: 2, @base: 30), Relevant);
        Assert.That(_watch.IsCongested, Is.True);
        Assert.That(_watch.RisenBy, Is.EqualTo(27 * Millisecond));
    }

    [TestCase(0u)]
    [TestCase(0x7FFF_FFF0u)]
    [TestCase(0xFFFF_FFF0u)]
    public void The_clocks_of_the_two_sides_do_not_matter(uint clocks)
    {
        _watch = new CongestionWatch();
        for (int i = 0; i < 5; i++)
            _watch.Update(_now += Second, Quality(0.1, 5, 0, clocks), Relevant);
        Assert.That(_watch.IsCongested, Is.False);
        _watch.Update(_now += Second, Quality(0.1, 5, 30, clocks), Relevant);
        Assert.That((_watch.IsCongested, _watch.RisenBy), Is.EqualTo((true, 30 * Millisecond)));
    }

    [Test]
    public void It_is_over_when_both_the_queue_and_the_loss_are_gone()
    {
        See(1, loss: 0.1, transit: 50);
        See(1, loss: 0.1, transit: 5);
        Assert.That(_watch.IsCongested, Is.True, "it still loses");
        See(1, loss: 0, transit: 16);
        Assert.That(_watch.IsCongested, Is.True, "the queue is not empty");
        See(1, loss: 0, transit: 14);
        Assert.That(_watch.IsCongested, Is.False);
    }

    [Test]
    public void A_route_that_became_longer_is_normal_after_a_minute()
    {
        See(1, loss: 0.02, transit: 50);
        Assert.That(_watch.IsCongested, Is.True);
        Assert.That(SecondsUntil(false, loss: 0.02, transit: 50), Is.EqualTo(60));
        See(600, loss: 0.02, transit: 50);
        Assert.That(_watch.IsCongested, Is.False, "the loss does not grow with the copies");
        Assert.That(_watch.RisenBy, Is.Zero);
    }

    [Test]
    public void Each_time_the_loss_grows_with_the_copies_it_waits_twice_as_long_up_to_sixteen_minutes()
    {
        double loss = 0.001;
        List<int> waits = [];
        See(1, loss, transit: 50);
        for (int attempt = 0; attempt < 7; attempt++)
        {
            waits.Add(SecondsUntil(false, loss, transit: 50));
            loss *= 2;
            See(1, loss, transit: 50);
            Assert.That(_watch.IsCongested, Is.True, $"attempt {attempt}");
        }

        Assert.That(waits, Is.EqualTo(new[] { 60, 120, 240, 480, 960, 960, 960 }));
        See(1, loss: 0, transit: 5);
        Assert.That(_watch.IsCongested, Is.False);
        See(1, loss: 0.1, transit: 50);
        Assert.That(SecondsUntil(false, loss: 0.1, transit: 50), Is.EqualTo(60), "and begins anew after a relief");
    }

    [Test]
    public void Loss_that_grows_long_after_the_copies_began_is_not_their_work()
    {
        See(1, loss: 0.002, transit: 50);
        SecondsUntil(false, loss: 0.002, transit: 50);
        See(300, loss: 0.002, transit: 50);
        See(5, loss: 0.02, transit: 50);
        Assert.That(_watch.IsCongested, Is.False);
    }

    private void See(int seconds, double loss, long transit)
    {
        for (int i = 0; i < seconds; i++)
            _watch.Update(_now += Second, Quality(loss, transit), Relevant);
    }

    private int SecondsUntil(bool isCongested, double loss, long transit)
    {
        for (int seconds = 1; seconds < 10_000; seconds++)
        {
            See(1, loss, transit);
            if (_watch.IsCongested == isCongested)
                return seconds;
        }

        return int.MaxValue;
    }

    private static PathQuality Quality(double loss, long transit, long @base = 0, uint clocks = 12345) =>
        new()
        {
            IsMeasured = true,
            Loss = loss,
            Burst = 1,
            RoundTrip = 50 * Millisecond,
            FrameRate = 300,
            Transit = new TransitReport(
                clocks + (uint)(@base * Millisecond),
                transit * Millisecond,
                transit * Millisecond,
                transit * Millisecond
            ),
        };
}
