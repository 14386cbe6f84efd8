using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

public sealed class LoopAllocationTests
{
    [Test]
    public void Cycles_sleeps_timers_and_posts_allocate_nothing()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        using ScriptedSource source = new(withSignal: true) { WhenPolled = static _ => 0 };
        source.Signal(); // never cleared, so that every sleep returns at once
        loop.Add(source);
        loop.Add(new ScriptedFlush(static () => { }));
        int fired = 0;
        LoopTimer[] timers = [.. Enumerable.Range(0, 40).Select(_ => loop.CreateTimer(() => fired++))];
        Action posted = static () => { };

        // On a loaded machine all timers may expire in one cycle: grow the list for that beforehand.
        foreach (LoopTimer timer in timers)
            timer.SetAfter(0);
        loop.DoWork();
        Assert.That(fired, Is.EqualTo(timers.Length));
        Turn(2000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Turn(10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(allocated, Is.Zero);
        Assert.That(fired, Is.GreaterThan(0));
        Assert.That(loop.Statistics.Sleeps, Is.GreaterThan(0));

        void Turn(int cycles)
        {
            for (int i = 0; i < cycles; i++)
            {
                for (int t = 0; t < timers.Length; t++)
                    timers[t].SetAfter((i + t) % 7 * 1000);
                timers[i % timers.Length].Cancel();
                if (i % 2 == 0)
                    loop.Post(posted);
                loop.Idle(loop.DoWork());
                loop.Sleep(1);
            }
        }
    }
}
