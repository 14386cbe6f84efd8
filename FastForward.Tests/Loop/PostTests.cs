using System.Diagnostics;
using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

public sealed class PostTests
{
    [Test]
    public void No_wake_up_is_lost_while_the_loop_goes_to_sleep()
    {
        // Each round posts twice: the first post wakes the loop, the second arrives while it is on its way back to
        // sleep. The critical window is below a microsecond, so the delay between the two is swept over about twice the
        // time that a wake-up takes here. One lost wake-up fails the test by its time limit.
        const int Rounds = 10_000;
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        loop.Start();
        int runs = 0;
        Action work = () => Volatile.Write(ref runs, runs + 1);
        Random random = new(54_000);
        TimeSpan wakeUp = TimeSpan.FromMicroseconds(50);

        for (int round = 1; round <= Rounds; round++)
        {
            int first = (2 * round) - 1;
            long began = Stopwatch.GetTimestamp();
            TimeSpan delay = wakeUp * (2 * random.NextDouble());
            TimeSpan? woken = null;
            loop.Post(work);
            for (TimeSpan elapsed = default; elapsed < delay; elapsed = Stopwatch.GetElapsedTime(began))
            {
                if (woken is null && Volatile.Read(ref runs) >= first)
                    woken = elapsed;
            }

            loop.Post(work);
            Eventually.True(
                () => Volatile.Read(ref runs) > first,
                () => $"post {first + 1} of {2 * Rounds} has run; sleeps {loop.Statistics.Sleeps}"
            );
            wakeUp = TimeSpan.FromMicroseconds(
                Math.Clamp((woken ?? Stopwatch.GetElapsedTime(began)).TotalMicroseconds, 1, 500)
            );
        }

        Assert.That(runs, Is.EqualTo(2 * Rounds));
        TestContext.Out.WriteLine($"{2 * Rounds} posts, {loop.Statistics.Sleeps} sleeps");
    }

    [Test]
    public void Work_posted_by_many_threads_runs_once_and_in_order_per_thread()
    {
        const int Threads = 4;
        const int Posts = 20_000;
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        loop.Start();
        int[] next = new int[Threads];
        int disorder = 0;

        Task[] posters =
        [
            .. Enumerable
                .Range(0, Threads)
                .Select(thread =>
                    Task.Run(() =>
                    {
                        for (int i = 0; i < Posts; i++)
                        {
                            int number = i;
                            loop.Post(() =>
                            {
                                if (next[thread] != number)
                                    disorder++;
                                next[thread] = number + 1;
                            });
                        }
                    })
                ),
        ];
        Eventually.Ends(Task.WhenAll(posters), "posting");
        Eventually.True(
            () => next.All(count => Volatile.Read(ref count) == Posts),
            () => $"all posted work has run: {string.Join(", ", next)}"
        );

        // No stale wake-up keeps the loop from sleeping.
        long cycles = 0;
        using ManualResetEventSlim quiet = new();
        LoopTimer timer = loop.CreateTimer(() =>
        {
            cycles = loop.Statistics.Cycles - cycles;
            quiet.Set();
        });
        loop.Post(() =>
        {
            cycles = loop.Statistics.Cycles;
            timer.SetAt(loop.NowMicros + 100_000);
        });
        Eventually.True(() => quiet.IsSet, () => "the timer has fired");
        Eventually.Ends(loop.StopAsync(), "the loop");

        Assert.That(disorder, Is.Zero);
        Assert.That(cycles, Is.LessThan(10), "cycles in a tenth of a second without work");
    }

    [Test]
    public void Posted_work_runs_on_the_loop_thread()
    {
        using ForwardLoop loop = new();
        loop.Start();
        TaskCompletionSource<bool> ran = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Post(() => ran.SetResult(loop.IsOnLoopThread));
        Eventually.Ends(ran.Task, "the posted work");
        Assert.That(ran.Task.Result, Is.True);
        Assert.That(loop.IsOnLoopThread, Is.False);
    }

    [Test]
    public void Posting_to_a_loop_that_has_ended_does_nothing()
    {
        ForwardLoop loop = new();
        loop.Start();
        loop.Dispose();
        bool ran = false;
        Assert.That(() => loop.Post(() => ran = true), Throws.Nothing);
        Assert.That(ran, Is.False);
    }
}
