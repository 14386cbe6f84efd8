using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class TimerTests : IDisposable
{
    private readonly FakeTimeProvider _time = new();
    private readonly List<string> _fired = [];
    private readonly ForwardLoop _loop;

    public TimerTests() => _loop = new ForwardLoop(new ForwardLoopOptions { PollBudget = 8 }, _time);

    public void Dispose()
    {
        _loop.Dispose();
    }

    [Test]
    public void Timers_fire_by_due_time_and_ties_in_the_order_of_setting()
    {
        Make("c").SetAt(300);
        Make("a1").SetAt(100);
        Make("b1").SetAt(200);
        Make("a2").SetAt(100);
        Make("b2").SetAt(200);

        Assert.That(CycleAt(99), Is.Empty);
        Assert.That(CycleAt(250), Is.EqualTo(["a1", "a2", "b1", "b2"]));
        Assert.That(CycleAt(300), Is.EqualTo(["c"]));
        Assert.That(CycleAt(1000), Is.Empty, "each fires once per Set");
    }

    [Test]
    public void Setting_a_timer_again_moves_it_earlier_or_later()
    {
        LoopTimer timer = Make("t");
        LoopTimer other = Make("o");
        other.SetAt(150);
        timer.SetAt(100);
        timer.SetAt(200);
        Assert.That(CycleAt(199), Is.EqualTo(["o"]));
        timer.SetAt(199);
        Assert.That(CycleAt(199), Is.EqualTo(["t"]));
    }

    [Test]
    public void A_cancelled_timer_does_not_fire_and_can_be_set_again()
    {
        LoopTimer timer = Make("t");
        timer.Cancel();
        timer.SetAt(100);
        Assert.That(timer.IsSet, Is.True);
        timer.Cancel();
        timer.Cancel();
        Assert.That(timer.IsSet, Is.False);
        Assert.That(CycleAt(200), Is.Empty);
        timer.SetAt(250);
        Assert.That(CycleAt(250), Is.EqualTo(["t"]));
        Assert.That(timer.IsSet, Is.False);
    }

    [Test]
    public void A_due_time_in_the_past_fires_in_the_next_cycle([Values(long.MinValue, -1L, 0L)] long due)
    {
        CycleAt(1000);
        Make("t").SetAt(due);
        Assert.That(CycleAt(1000), Is.EqualTo(["t"]));
    }

    [Test]
    public void A_timer_that_sets_itself_to_the_past_fires_once_per_cycle()
    {
        LoopTimer timer = null!;
        timer = _loop.CreateTimer(() =>
        {
            _fired.Add("t");
            timer.SetAt(0);
        });
        timer.SetAt(0);
        for (int cycle = 1; cycle <= 3; cycle++)
        {
            _loop.DoWork();
            Assert.That(_fired, Has.Count.EqualTo(cycle));
        }
    }

    [Test]
    public void A_firing_timer_can_cancel_and_move_others_due_in_the_same_cycle()
    {
        LoopTimer cancelled = Make("cancelled");
        LoopTimer moved = Make("moved");
        LoopTimer kept = Make("kept");
        _loop
            .CreateTimer(() =>
            {
                cancelled.Cancel();
                moved.SetAt(500);
            })
            .SetAt(10);
        cancelled.SetAt(20);
        moved.SetAt(20);
        kept.SetAt(30);

        Assert.That(CycleAt(100), Is.EqualTo(["kept"]));
        Assert.That((cancelled.IsSet, moved.IsSet), Is.EqualTo((false, true)));
        Assert.That(CycleAt(500), Is.EqualTo(["moved"]));
    }

    [Test]
    public void The_budget_limits_a_cycle_and_the_rest_fires_in_the_next()
    {
        for (int i = 0; i < 20; i++)
            Make($"{i}").SetAt(i);
        List<int> perCycle = [];
        while (CycleAt(100) is { Count: > 0 } fired)
            perCycle.Add(fired.Count);
        Assert.That(perCycle, Is.EqualTo([8, 8, 4]));
        Assert.That(_loop.Statistics.WorkItems, Is.EqualTo(20));
    }

    [Test]
    public void A_delay_beyond_the_range_of_the_clock_never_fires()
    {
        CycleAt(1000);
        LoopTimer timer = Make("t");
        timer.SetAfter(long.MaxValue);
        Assert.That(timer.Due, Is.EqualTo(long.MaxValue));
        Assert.That(CycleAt(10_000_000), Is.Empty);
        timer.SetAfter(5);
        Assert.That(timer.Due, Is.EqualTo(10_000_005));
    }

    private LoopTimer Make(string name) => _loop.CreateTimer(() => _fired.Add(name));

    // One tick of the test clock is 1 us; time never goes backwards between cycles.
    private List<string> CycleAt(long micros)
    {
        _time.Advance(TimeSpan.FromMicroseconds(micros - _loop.NowMicros));
        _fired.Clear();
        _loop.DoWork();
        return [.. _fired];
    }
}
