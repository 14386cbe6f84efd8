using FastForward.Transport.Loop;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Loop;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class DutyCycleTests
{
    private readonly FakeTimeProvider _time = new();

    [Test]
    public void A_cycle_polls_then_fires_then_runs_the_mailbox_then_flushes()
    {
        using ForwardLoop loop = new(time: _time);
        List<string> calls = [];
        using ScriptedSource source = new() { WhenPolled = _ => Note("poll") };
        loop.Add(new ScriptedFlush(() => Note("flush")));
        loop.CreateTimer(() => Note("timer")).SetAt(0);
        loop.Post(() => Note("post"));
        loop.Add(source);

        int work = loop.DoWork();

        Assert.That(calls, Is.EqualTo(["poll", "timer", "post", "flush"]));
        Assert.That(work, Is.EqualTo(3));

        int Note(string call)
        {
            calls.Add(call);
            return 1;
        }
    }

    [Test]
    public void Output_of_every_phase_is_flushed_in_the_same_cycle()
    {
        using ForwardLoop loop = new(time: _time);
        List<string> staged = [];
        List<string> sent = [];
        using ScriptedSource source = new();
        source.WhenPolled = _ => Stage("poll");
        loop.Add(source);
        loop.Add(
            new ScriptedFlush(() =>
            {
                sent.AddRange(staged);
                staged.Clear();
            })
        );
        loop.CreateTimer(() => Stage("timer")).SetAt(0);
        loop.Post(() => Stage("post"));

        loop.DoWork();

        Assert.That(sent, Is.EqualTo(["poll", "timer", "post"]));

        int Stage(string what)
        {
            staged.Add(what);
            return 1;
        }
    }

    [Test]
    public void The_clock_is_read_once_per_cycle()
    {
        using ForwardLoop loop = new(time: _time);
        List<long> seen = [];
        using ScriptedSource source = new();
        source.WhenPolled = _ =>
        {
            seen.Add(loop.NowMicros);
            _time.Advance(TimeSpan.FromMilliseconds(3));
            return 0;
        };
        loop.Add(source);
        loop.Add(new ScriptedFlush(() => seen.Add(loop.NowMicros)));
        _time.Advance(TimeSpan.FromMilliseconds(1));

        loop.DoWork();
        loop.DoWork();

        Assert.That(seen, Is.EqualTo([1000L, 1000L, 4000L, 4000L]));
    }

    [Test]
    public void Sources_are_polled_in_order_of_attachment_each_with_the_full_budget()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { PollBudget = 7 }, _time);
        List<(string, int)> polls = [];
        using ScriptedSource first = new() { WhenPolled = budget => Note("first", budget) };
        using ScriptedSource second = new() { WhenPolled = budget => Note("second", budget) };
        loop.Add(first);
        loop.Add(second);

        int work = loop.DoWork();

        Assert.That(polls, Is.EqualTo([("first", 7), ("second", 7)]));
        Assert.That(work, Is.EqualTo(14));

        int Note(string name, int budget)
        {
            polls.Add((name, budget));
            return budget;
        }
    }

    [Test]
    public void The_budget_limits_posted_work_even_if_it_posts_more_work()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { PollBudget = 4 }, _time);
        int runs = 0;
        Action again = null!;
        again = () =>
        {
            runs++;
            loop.Post(again);
        };
        loop.Post(again);

        Assert.That(loop.DoWork(), Is.EqualTo(4));
        Assert.That(loop.DoWork(), Is.EqualTo(4));
        Assert.That(runs, Is.EqualTo(8));
    }

    [Test]
    public void The_first_seconds_have_no_slow_cycles()
    {
        CollectingLogger<ForwardLoop> log = new();
        using ForwardLoop loop = new(new ForwardLoopOptions { SlowCycleGrace = TimeSpan.FromSeconds(5) }, _time, log);
        using ScriptedSource source = new();
        source.WhenPolled = _ =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(500));
            return 1;
        };
        loop.Add(source);
        for (int i = 0; i < 10; i++)
            loop.DoWork();
        Assert.That((loop.Statistics.SlowCycles, log.TextsOf(1002).Count()), Is.EqualTo((0L, 0)));
        loop.DoWork();
        Assert.That((loop.Statistics.SlowCycles, log.TextsOf(1002).Count()), Is.EqualTo((1L, 1)));
    }

    [Test]
    public void Work_cycles_and_the_longest_cycle_are_counted()
    {
        CollectingLogger<ForwardLoop> log = new();
        using ForwardLoop loop = new(
            new ForwardLoopOptions { SlowCycleLimit = TimeSpan.FromMilliseconds(2), SlowCycleGrace = TimeSpan.Zero },
            _time,
            log
        );
        using ScriptedSource source = new();
        source.WhenPolled = _ =>
        {
            _time.Advance(TimeSpan.FromMilliseconds(source.Polls));
            return 5;
        };
        loop.Add(source);

        for (int i = 0; i < 4; i++)
            loop.DoWork();

        Assert.Multiple(() =>
        {
            Assert.That(loop.Statistics.Cycles, Is.EqualTo(4));
            Assert.That(loop.Statistics.WorkItems, Is.EqualTo(20));
            Assert.That(loop.Statistics.LongestCycle, Is.EqualTo(TimeSpan.FromMilliseconds(4)));
            Assert.That(
                loop.Statistics.SlowCycles,
                Is.EqualTo(2),
                "the cycles of 3 and 4 ms are above the limit of 2 ms"
            );
            Assert.That(
                log.TextsOf(1002).ToList(),
                Has.Count.EqualTo(1),
                "the second slow cycle came within the same second"
            );
        });
    }

    [Test]
    public void A_callback_may_detach_itself_and_others()
    {
        using ForwardLoop loop = new(time: _time);
        using ScriptedSource before = new();
        using ScriptedSource leaver = new();
        using ScriptedSource victim = new();
        using ScriptedSource after = new();
        int flushes = 0;
        ScriptedFlush flush = new(() => flushes++);
        leaver.WhenPolled = _ =>
        {
            loop.Remove(leaver);
            loop.Remove(victim);
            loop.Remove(before);
            loop.Remove(flush);
            return 1;
        };
        foreach (ScriptedSource source in new[] { before, leaver, victim, after })
            loop.Add(source);
        loop.Add(flush);

        loop.DoWork();
        loop.DoWork();

        Assert.That((before.Polls, leaver.Polls, victim.Polls, after.Polls, flushes), Is.EqualTo((1, 1, 0, 2, 0)));
    }

    [Test]
    public void A_callback_may_attach_others_and_reattach_itself()
    {
        using ForwardLoop loop = new(time: _time);
        using ScriptedSource added = new();
        using ScriptedSource adder = new(withSignal: true);
        adder.WhenPolled = _ =>
        {
            if (adder.Polls > 1)
                return 0;
            loop.Add(added);
            loop.Remove(adder);
            loop.Add(adder);
            return 1;
        };
        loop.Add(adder);

        loop.DoWork();
        loop.DoWork();

        Assert.That(added.Polls, Is.EqualTo(2));
        Assert.That(
            adder.Polls,
            Is.EqualTo(3),
            "detached and attached again within a cycle, it stands at the end of the list"
        );
    }

    [Test]
    public void Attaching_twice_throws_and_detaching_an_unattached_source_does_nothing()
    {
        using ForwardLoop loop = new(time: _time);
        using ScriptedSource source = new(withSignal: true);
        ScriptedFlush flush = new(() => { });
        loop.Remove(source);
        loop.Remove(flush);
        loop.Add(source);
        loop.Add(flush);

        Assert.That(() => loop.Add(source), Throws.ArgumentException.With.Message.Contains("attached already"));
        Assert.That(() => loop.Add(flush), Throws.ArgumentException.With.Message.Contains("attached already"));
    }
}
