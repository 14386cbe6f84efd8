using FastForward.Transport.Interop;
using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

/// <summary>
/// When the loop sleeps and what wakes it. Every loop here has a timer as a safety net: a missing wake-up shows as a
/// failure rather than a hanging test.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class SleepTests
{
    private const long SafetyNetMicros = 30_000_000;

    private bool _overslept;

    [TearDown]
    public void NoSafetyNetTimerFired() =>
        Assert.That(_overslept, Is.False, "a sleep was ended only by the safety-net timer");

    [Test]
    public void Pending_work_without_a_descriptor_prevents_sleep()
    {
        using ForwardLoop loop = MakeLoop();
        using ScriptedSource quiet = new();
        using ScriptedSource hidden = new() { WhenArmed = () => true };
        loop.Add(hidden);
        loop.Add(quiet);

        loop.Idle(loop.DoWork());

        Assert.That(loop.Statistics.Sleeps, Is.Zero);
        Assert.That((hidden.Arms, hidden.Disarms), Is.EqualTo((1, 1)));
        Assert.That(
            (quiet.Arms, quiet.Disarms),
            Is.EqualTo((1, 1)),
            "all are armed and disarmed alike, no matter which has work"
        );
    }

    [Test]
    public void Posted_work_prevents_sleep()
    {
        using ForwardLoop loop = MakeLoop();
        loop.DoWork();
        loop.Post(() => { });

        loop.Idle(0);

        Assert.That(loop.Statistics.Sleeps, Is.Zero);
    }

    [Test]
    public void Work_posted_while_the_loop_goes_to_sleep_wakes_it()
    {
        using ForwardLoop loop = MakeLoop();
        bool ran = false;
        using ScriptedSource source = new();
        source.WhenArmed = () =>
        {
            loop.Post(() => ran = true); // the mailbox was armed before this source
            return false;
        };
        loop.Add(source);

        loop.Idle(loop.DoWork());
        loop.DoWork();

        Assert.That((loop.Statistics.Sleeps, ran), Is.EqualTo((1L, true)));
    }

    [Test]
    public void A_due_timer_prevents_sleep()
    {
        using ForwardLoop loop = MakeLoop();
        loop.CreateTimer(() => { }).SetAt(0);
        loop.Idle(0);
        Assert.That(loop.Statistics.Sleeps, Is.Zero);
    }

    [TestCase(IdleStrategy.Adaptive)]
    [TestCase(IdleStrategy.BusySpin)]
    public void A_cycle_with_work_is_not_followed_by_sleep(IdleStrategy idle)
    {
        using ForwardLoop loop = MakeLoop(idle, spinMicros: 0);
        using ScriptedSource source = new();
        loop.Add(source);

        loop.Idle(1);

        Assert.That((loop.Statistics.Sleeps, source.Arms), Is.EqualTo((0L, 0)));
    }

    [Test]
    public void Block_checks_the_kernel_after_work_and_continues_if_there_is_more()
    {
        using ForwardLoop loop = MakeLoop();
        using ScriptedSource source = new(withSignal: true);
        loop.Add(source);
        source.Signal();

        loop.Idle(1);

        Assert.That((loop.Statistics.Sleeps, source.Arms, source.Disarms, _overslept), Is.EqualTo((1L, 1, 1, false)));
    }

    [Test]
    public void An_expired_limit_prevents_sleep([Values(0L, -1L)] long limit)
    {
        using ForwardLoop loop = MakeLoop();
        loop.Sleep(limit);
        Assert.That(loop.Statistics.Sleeps, Is.Zero);
    }

    [Test]
    public void One_wait_covers_the_descriptors_of_all_sources([Range(0, 2)] int which)
    {
        using ForwardLoop loop = MakeLoop();
        ScriptedSource[] sources = [new(true), new(true), new(true)];
        foreach (ScriptedSource source in sources)
            loop.Add(source);
        loop.DoWork();
        sources[which].Signal();

        loop.Idle(0);
        int work = loop.DoWork();

        Assert.That((loop.Statistics.Sleeps, work, sources[which].Signals), Is.EqualTo((1L, 1, 1)));
        foreach (ScriptedSource source in sources)
        {
            Assert.That((source.Arms, source.Disarms), Is.EqualTo((1, 1)));
            source.Dispose();
        }
    }

    [Test]
    public void An_event_from_another_thread_ends_the_sleep()
    {
        using ForwardLoop loop = MakeLoop();
        using ScriptedSource source = new(withSignal: true);
        loop.Add(source);
        loop.Start();
        Eventually.True(() => loop.Statistics.Sleeps > 0 || source.Arms > 0, () => "the loop went idle");

        source.Signal();

        Eventually.True(() => source.Signals == 1, () => $"signals {source.Signals} of 1");
    }

    [Test]
    public void A_source_with_several_descriptors_exposes_its_own_epoll_instance()
    {
        using ForwardLoop loop = MakeLoop();
        using ScriptedSource left = new(withSignal: true);
        using ScriptedSource right = new(withSignal: true);
        using Epoll inner = new(4);
        inner.Add(left.Descriptor, LibC.EPOLLIN, 1);
        inner.Add(right.Descriptor, LibC.EPOLLIN, 2);
        List<ulong> tokens = [];
        NestedSource nested = new(
            inner,
            token =>
            {
                tokens.Add(token);
                (token == 1 ? left : right).Poll(1);
            }
        );
        loop.Add(nested);

        foreach (ScriptedSource inside in new[] { right, left })
        {
            loop.DoWork();
            inside.Signal();
            loop.Idle(0);
            loop.DoWork();
        }

        Assert.That(tokens, Is.EqualTo([2UL, 1UL]));
        Assert.That(loop.Statistics.Sleeps, Is.EqualTo(2));
    }

    [Test]
    public void Busy_spin_never_sleeps()
    {
        using ForwardLoop loop = MakeLoop(IdleStrategy.BusySpin);
        for (int i = 0; i < 1000; i++)
            loop.Idle(loop.DoWork());
        Assert.That(loop.Statistics.Sleeps, Is.Zero);
    }

    [Test]
    public void Block_sleeps_after_each_cycle_without_work()
    {
        using ForwardLoop loop = MakeLoop();
        using ScriptedSource source = new(withSignal: true) { WhenPolled = _ => 0 };
        loop.Add(source);
        source.Signal(); // never cleared: each sleep ends at once

        for (int i = 0; i < 100; i++)
            loop.Idle(loop.DoWork());

        Assert.That(loop.Statistics.Sleeps, Is.EqualTo(100));
    }

    [Test]
    public void Adaptive_spins_for_a_limited_time_after_the_last_work()
    {
        FakeTimeProvider time = new();
        using ForwardLoop loop = MakeLoop(IdleStrategy.Adaptive, time, spinMicros: 50);
        using ScriptedSource source = new(withSignal: true) { WhenPolled = _ => 0 };
        loop.Add(source);
        source.Signal();
        time.Advance(TimeSpan.FromMilliseconds(1));
        loop.DoWork();
        loop.Idle(1);

        List<long> sleeps = [];
        for (int i = 0; i < 5; i++)
        {
            time.Advance(TimeSpan.FromMicroseconds(20));
            loop.Idle(loop.DoWork());
            sleeps.Add(loop.Statistics.Sleeps);
        }

        // 20 and 40 us after the last work it spins; from 60 us on it sleeps. With one CPU it does not spin at all.
        long[] expected = Environment.ProcessorCount == 1 ? [1, 2, 3, 4, 5] : [0, 0, 1, 2, 3];
        Assert.That(sleeps, Is.EqualTo(expected));
    }

    [Test]
    public void A_detached_descriptor_can_be_attached_again()
    {
        using ForwardLoop loop = MakeLoop();
        using ScriptedSource source = new(withSignal: true);
        loop.Add(source);
        loop.Remove(source);
        loop.Add(source); // EEXIST if the epoll instance still had it
        source.Signal();

        loop.Idle(0);

        Assert.That(loop.Statistics.Sleeps, Is.EqualTo(1));
    }

    private ForwardLoop MakeLoop(IdleStrategy idle = IdleStrategy.Block, TimeProvider? time = null, int spinMicros = 50)
    {
        ForwardLoop loop = new(
            new ForwardLoopOptions { Idle = idle, SpinTime = TimeSpan.FromMicroseconds(spinMicros) },
            time
        );
        loop.CreateTimer(() => _overslept = true).SetAt(SafetyNetMicros);
        return loop;
    }

    private sealed class NestedSource(Epoll inner, Action<ulong> whenReady) : ILoopSource
    {
        public int Descriptor => inner.Number;

        public int Poll(int budget)
        {
            int count = inner.Wait(0);
            for (int i = 0; i < count; i++)
                whenReady(inner[i].Token);
            return count;
        }

        public bool Arm() => false;

        public void Disarm() { }
    }
}
