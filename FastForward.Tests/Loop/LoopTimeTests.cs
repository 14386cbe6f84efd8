using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

/// <summary>The times of the public API.</summary>
[TestFixture]
public sealed class LoopTimeTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void Microseconds_are_rounded_up_and_infinite_is_the_largest_number()
    {
        Assert.Multiple(() =>
        {
            Assert.That(LoopTime.ToMicros(TimeSpan.FromTicks(21)), Is.EqualTo(3));
            Assert.That(LoopTime.ToMicros(TimeSpan.FromTicks(20)), Is.EqualTo(2));
            Assert.That(LoopTime.ToMicros(TimeSpan.Zero), Is.Zero);
            Assert.That(LoopTime.ToMicros(TimeSpan.FromTicks(-25)), Is.EqualTo(-2));
            Assert.That(LoopTime.ToMicros(Timeout.InfiniteTimeSpan), Is.EqualTo(long.MaxValue));
            Assert.That(LoopTime.ToMicros(TimeSpan.MaxValue), Is.Positive);
        });
    }

    [Test]
    public void The_clock_and_both_settings_of_a_timer_share_one_scale()
    {
        using ForwardLoop loop = new(time: _time);
        List<TimeSpan> fired = [];
        LoopTimer at = loop.CreateTimer(() => fired.Add(loop.Now));
        LoopTimer after = loop.CreateTimer(() => fired.Add(loop.Now));
        LoopTimer never = loop.CreateTimer(() => fired.Add(loop.Now));
        Advance(5);
        at.SetAt(TimeSpan.FromMilliseconds(12));
        after.SetAfter(TimeSpan.FromMilliseconds(9));
        never.SetAfter(Timeout.InfiniteTimeSpan);
        for (int i = 0; i < 20; i++)
            Advance(1);
        Assert.That(fired, Is.EqualTo([TimeSpan.FromMilliseconds(12), TimeSpan.FromMilliseconds(14)]));
        Assert.That(never.IsSet, Is.True);

        void Advance(int milliseconds)
        {
            _time.Advance(TimeSpan.FromMilliseconds(milliseconds));
            loop.DoWork();
        }
    }

    [Test]
    public void A_stall_and_the_cycles_are_reported_as_times()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { SlowCycleLimit = TimeSpan.FromSeconds(1) }, _time);
        LoopTimer work = loop.CreateTimer(() => _time.Advance(TimeSpan.FromMilliseconds(3)));
        loop.DoWork();
        work.SetAfter(TimeSpan.Zero);
        loop.DoWork();
        _time.Advance(TimeSpan.FromSeconds(2));
        loop.DoWork();
        Assert.Multiple(() =>
        {
            Assert.That(loop.StalledFor, Is.EqualTo(TimeSpan.FromMilliseconds(2003)));
            Assert.That(loop.Statistics.LongestCycle, Is.EqualTo(TimeSpan.FromMilliseconds(3)));
            Assert.That(loop.Statistics.RecentLongestCycle, Is.EqualTo(TimeSpan.FromMilliseconds(3)));
            Assert.That(loop.Statistics.TotalCycleTime, Is.EqualTo(TimeSpan.FromMilliseconds(3)));
        });
    }

    [Test]
    public void A_sleep_without_a_limit_ends_with_a_post()
    {
        using ForwardLoop loop = new();
        loop.DoWork();
        loop.Sleep(TimeSpan.Zero);
        loop.Post(static () => { });
        loop.Sleep(Timeout.InfiniteTimeSpan);
        Assert.That(loop.DoWork(), Is.EqualTo(1));
    }

    [Test]
    public async Task A_loop_is_disposed_of_asynchronously_from_any_thread()
    {
        ForwardLoop running = new();
        running.Start();
        await running.DisposeAsync();
        await running.DisposeAsync();
        Assert.That(running.Completion.IsCompletedSuccessfully, Is.True);
        Assert.That(() => running.DoWork(), Throws.InstanceOf<ObjectDisposedException>());

        ForwardLoop idle = new();
        await idle.DisposeAsync();
        Assert.That(() => idle.DoWork(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public async Task A_callback_may_dispose_of_its_loop_asynchronously()
    {
        ForwardLoop loop = new();
        loop.Start();
        Task completion = loop.Completion;
        loop.Post(() => _ = loop.DisposeAsync().AsTask());
        await completion.WaitAsync(LoopDriver.Limit);
    }
}
