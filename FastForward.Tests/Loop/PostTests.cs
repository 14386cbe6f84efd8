using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

public sealed class PostTests
{
    [Test]
    public void No_wake_up_is_lost_between_posting_and_falling_asleep()
    {
        // Each round posts while the loop is somewhere on its way to sleep, a moment of less than a microsecond: the posting
        // thread must see the end of the round at once, so it spins, and starts the next one after a varying delay. One
        // lost wake-up ends the test by its limit.
        const int Rounds = 40_000;
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        loop.Start();
        int runs = 0;
        Action work = () => Volatile.Write(ref runs, runs + 1);

        for (int round = 1; round <= Rounds; round++)
        {
            loop.Post(work);
            for (int spins = 0; Volatile.Read(ref runs) < round && spins < 100_000; spins++)
            {
                if (Environment.ProcessorCount == 1) Thread.Yield();
            }

            int expected = round;
            if (Volatile.Read(ref runs) < expected) Eventually.True(() => Volatile.Read(ref runs) >= expected, () => $"round {expected} of {Rounds} has run; sleeps {loop.Statistics.Sleeps}");
            for (int pause = round % 200; pause > 0; pause--) Thread.SpinWait(1);
        }

        Assert.That(runs, Is.EqualTo(Rounds));
        TestContext.Out.WriteLine($"{Rounds} posts, {loop.Statistics.Sleeps} sleeps");
    }

    [Test]
    public void Many_threads_post_and_each_ones_work_runs_once_and_in_order()
    {
        const int Threads = 4;
        const int Posts = 20_000;
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
        loop.Start();
        int[] next = new int[Threads];
        int disorder = 0;

        Task[] posters = [.. Enumerable.Range(0, Threads).Select(thread => Task.Run(() =>
        {
            for (int i = 0; i < Posts; i++)
            {
                int number = i;
                loop.Post(() =>
                {
                    if (next[thread] != number) disorder++;
                    next[thread] = number + 1;
                });
            }
        }))];
        Eventually.Ends(Task.WhenAll(posters), "posting");
        Eventually.True(() => next.All(count => Volatile.Read(ref count) == Posts), () => $"all ran: {string.Join(", ", next)}");
        Eventually.Ends(loop.StopAsync(), "the loop");

        Assert.That(disorder, Is.Zero);
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
    public void Posting_to_a_loop_that_ended_does_nothing()
    {
        ForwardLoop loop = new();
        loop.Start();
        loop.Dispose();
        bool ran = false;
        Assert.That(() => loop.Post(() => ran = true), Throws.Nothing);
        Assert.That(ran, Is.False);
    }
}
