using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

/// <summary>A stalled process is distinguished from a silent peer.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class StallTests
{
    private readonly FakeTimeProvider _time = new();

    [TestCase(400, 0)]
    [TestCase(500, 0)]
    [TestCase(501, 501)]
    [TestCase(7000, 7000)]
    public void A_long_time_between_cycles_is_a_stall(int milliseconds, int stalled)
    {
        using ForwardLoop loop = new(time: _time);
        loop.DoWork();
        _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
        loop.DoWork();

        Assert.That(loop.StalledMicros, Is.EqualTo(stalled * 1000));
        Assert.That(loop.Statistics.Stalls, Is.EqualTo(stalled == 0 ? 0 : 1));
        loop.DoWork();
        Assert.That(loop.StalledMicros, Is.Zero, "reported only in the cycle after the stall");
    }

    [Test]
    public void The_time_before_the_first_cycle_is_not_a_stall()
    {
        using ForwardLoop loop = new(time: _time);
        _time.Advance(TimeSpan.FromMinutes(1));
        loop.DoWork();
        Assert.That(loop.StalledMicros, Is.Zero);
    }

    [Test]
    public void Sleeping_without_a_timer_is_not_a_stall()
    {
        using ForwardLoop loop = new(time: _time);
        using ScriptedSource source = Signalled(loop);
        loop.DoWork();
        loop.Sleep(long.MaxValue);
        _time.Advance(TimeSpan.FromHours(1));
        loop.DoWork();
        Assert.That((loop.Statistics.Sleeps, loop.StalledMicros), Is.EqualTo((1L, 0L)));
    }

    [Test]
    public void Sleeping_past_a_timer_is_a_stall_from_the_timer_on()
    {
        using ForwardLoop loop = new(time: _time);
        using ScriptedSource source = Signalled(loop);
        loop.CreateTimer(() => { }).SetAt(10_000_000);
        loop.DoWork();
        loop.Sleep(long.MaxValue);
        _time.Advance(TimeSpan.FromSeconds(13));
        loop.DoWork();
        Assert.That((loop.Statistics.Sleeps, loop.StalledMicros), Is.EqualTo((1L, 3_000_000L)));
    }

    [Test]
    public void A_skipped_sleep_does_not_reduce_a_stall()
    {
        using ForwardLoop loop = new(time: _time);
        using ScriptedSource source = new() { WhenArmed = () => true };
        loop.Add(source);
        loop.CreateTimer(() => { }).SetAt(10_000_000);
        loop.DoWork();
        loop.Sleep(long.MaxValue);
        _time.Advance(TimeSpan.FromSeconds(2));
        loop.DoWork();
        Assert.That((loop.Statistics.Sleeps, loop.StalledMicros), Is.EqualTo((0L, 2_000_000L)));
    }

    [Test]
    public void A_slow_callback_is_a_stall()
    {
        using ForwardLoop loop = new(time: _time);
        loop.Post(() => _time.Advance(TimeSpan.FromSeconds(1)));
        loop.DoWork();
        loop.DoWork();
        Assert.That(loop.StalledMicros, Is.EqualTo(1_000_000));
    }

    private static ScriptedSource Signalled(ForwardLoop loop)
    {
        ScriptedSource source = new(withSignal: true) { WhenPolled = _ => 0 };
        loop.Add(source);
        source.Signal();
        return source;
    }
}
