using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

public sealed class FailureTests
{
    public enum Place
    {
        Poll,
        Timer,
        Post,
        Flush,
        Arm,
        Disarm,
    }

    [Test]
    public void A_throwing_callback_is_counted_and_all_others_still_run([Values] Place place)
    {
        CollectingLogger<ForwardLoop> log = new();
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block }, logger: log);
        int others = 0;
        using ScriptedSource thrower = ThrowAt(loop, place);
        using ScriptedSource other = new();
        loop.Add(other);
        loop.Add(new ScriptedFlush(() => others++));
        loop.Post(() => others++);
        loop.CreateTimer(() => others++).SetAt(0);

        loop.DoWork();
        loop.Sleep(1);
        loop.DoWork();

        int expected = place is Place.Poll or Place.Flush ? 2 : 1; // called in each of the two cycles, or once
        Assert.Multiple(() =>
        {
            Assert.That(loop.Statistics.CallbackFailures, Is.EqualTo(expected));
            Assert.That(others, Is.EqualTo(4), "two flushes, a post and a timer");
            Assert.That((other.Polls, other.Arms, other.Disarms), Is.EqualTo((2, 1, 1)));
            Assert.That(log.TextsOf(1000).ToList(), Has.Count.EqualTo(1));
        });
    }

    [Test]
    public void With_fail_fast_the_exception_leaves_the_cycle([Values] Place place)
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = true, Idle = IdleStrategy.Block });
        using ScriptedSource thrower = ThrowAt(loop, place);

        Assert.That(
            () =>
            {
                loop.DoWork();
                loop.Sleep(1);
            },
            Throws.InstanceOf<InvalidTimeZoneException>()
        );
        Assert.That(loop.Statistics.CallbackFailures, Is.EqualTo(1));
        Assert.That(() => loop.CreateTimer(() => { }).SetAt(0), Throws.Nothing);
    }

    [Test]
    public void With_fail_fast_the_thread_ends_and_its_task_is_faulted()
    {
        CollectingLogger<ForwardLoop> log = new();
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = true }, logger: log);
        loop.Start();
        loop.Post(() => throw new InvalidTimeZoneException("on purpose"));

        Assert.That(() => Eventually.Ends(loop.Completion, "the loop"), Throws.InstanceOf<InvalidTimeZoneException>());
        Assert.That(log.TextsOf(1001).ToList(), Has.Count.EqualTo(1));
        Assert.That(loop.IsOnLoopThread, Is.True, "a loop that has ended is not bound to a thread");
    }

    [Test]
    public void A_source_that_throws_in_Arm_prevents_sleep()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        using ScriptedSource thrower = ThrowAt(loop, Place.Arm);
        loop.Idle(loop.DoWork());
        Assert.That((loop.Statistics.Sleeps, thrower.Disarms), Is.EqualTo((0L, 1)));
    }

    [Test]
    public void Repeated_failures_are_all_counted_but_logged_once_per_second()
    {
        FakeTimeProvider time = new();
        CollectingLogger<ForwardLoop> log = new();
        using ForwardLoop loop = new(time: time, logger: log);
        using ScriptedSource thrower = ThrowAt(loop, Place.Poll);

        for (int i = 0; i < 1000; i++)
            loop.DoWork();
        time.Advance(TimeSpan.FromSeconds(1));
        loop.DoWork();

        Assert.That(loop.Statistics.CallbackFailures, Is.EqualTo(1001));
        List<string> entries = [.. log.TextsOf(1000)];
        Assert.That(entries, Has.Count.EqualTo(2));
        Assert.That(entries[0], Does.Contain(nameof(ScriptedSource)).And.Contain("(0 more"));
        Assert.That(entries[1], Does.Contain("(999 more"));
    }

    private static ScriptedSource ThrowAt(ForwardLoop loop, Place place)
    {
        ScriptedSource source = new();
        switch (place)
        {
            case Place.Poll:
                source.WhenPolled = _ => throw Failure();
                break;
            case Place.Arm:
                source.WhenArmed = () => throw Failure();
                break;
            case Place.Disarm:
                source.WhenDisarmed = () => throw Failure();
                break;
            case Place.Timer:
                loop.CreateTimer(() => throw Failure()).SetAt(0);
                break;
            case Place.Post:
                loop.Post(() => throw Failure());
                break;
            default:
                loop.Add(new ScriptedFlush(() => throw Failure()));
                break;
        }

        loop.Add(source);
        return source;
    }

    // An exception type that the loop itself never throws.
    private static InvalidTimeZoneException Failure() => new("on purpose");
}
