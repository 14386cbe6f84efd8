using FastForward.Transport.Loop;

namespace FastForward.Tests.Loop;

public sealed class LifetimeTests
{
    [Test]
    public void A_started_loop_runs_until_it_is_stopped([Values] IdleStrategy idle)
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { Idle = idle });
        string? name = null;
        loop.Post(() => name = Thread.CurrentThread.Name);
        loop.Start("the loop");
        Eventually.True(() => Volatile.Read(ref name) is not null, () => "the loop ran");
        Assert.That(loop.Completion.IsCompleted, Is.False);

        Eventually.Ends(loop.StopAsync(), "the loop");

        Assert.That(name, Is.EqualTo("the loop"));
        Assert.That(loop.Completion.IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public void Stopping_wakes_a_loop_at_any_moment_while_it_goes_to_sleep()
    {
        for (int i = 0; i < 200; i++)
        {
            using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
            loop.Start();
            Thread.SpinWait(i * 20);
            Eventually.Ends(loop.StopAsync(), $"loop {i}");
        }
    }

    [Test]
    public void Cancelling_ends_Run_at_any_moment_while_it_goes_to_sleep()
    {
        for (int i = 0; i < 200; i++)
        {
            using ForwardLoop loop = new(new ForwardLoopOptions { Idle = IdleStrategy.Block });
            using CancellationTokenSource cancel = new();
            Task run = Task.Factory.StartNew(
                () => loop.Run(cancel.Token),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
            Thread.SpinWait(i * 20);
            cancel.Cancel();
            Eventually.Ends(run, $"run {i}");
        }
    }

    [Test]
    public void Run_can_be_called_again_after_cancellation()
    {
        using ForwardLoop loop = new();
        int runs = 0;
        for (int i = 1; i <= 3; i++)
        {
            using CancellationTokenSource cancel = new();
            loop.Post(() =>
            {
                runs++;
                cancel.Cancel();
            });
            loop.Run(cancel.Token);
            Assert.That((runs, loop.Completion.IsCompletedSuccessfully), Is.EqualTo((i, true)));
        }
    }

    [Test]
    public void The_stop_task_of_a_loop_in_Run_completes_when_Run_returns()
    {
        using ForwardLoop loop = new();
        Task? stopped = null;
        bool early = true;
        loop.Post(() =>
        {
            stopped = loop.StopAsync();
            early = stopped.IsCompleted;
        });
        loop.Run();
        Assert.That(early, Is.False);
        Eventually.Ends(stopped!, "the stop task");
    }

    [Test]
    public void A_loop_can_be_started_only_once()
    {
        using ForwardLoop started = new();
        started.Start();
        Assert.That(() => started.Start(), Throws.InvalidOperationException.With.Message.Contains("started before"));

        using ForwardLoop driven = new();
        driven.DoWork();
        Assert.That(
            () => driven.Start(),
            Throws.InvalidOperationException.With.Message.Contains("drives the loop already")
        );
    }

    [Test]
    public void Disposing_stops_a_running_loop_first([Values] bool ownThread)
    {
        ForwardLoop loop = new();
        Task run = Task.CompletedTask;
        if (ownThread)
            loop.Start();
        else
            run = Task.Factory.StartNew(
                () => loop.Run(),
                CancellationToken.None,
                TaskCreationOptions.LongRunning,
                TaskScheduler.Default
            );
        Eventually.True(() => loop.Statistics.Cycles > 0, () => "the loop runs");

        loop.Dispose();

        Eventually.Ends(run, "run");
        Assert.That(loop.Completion.IsCompletedSuccessfully, Is.True);
        Assert.That(() => loop.DoWork(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(() => loop.Start(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void A_callback_may_dispose_its_loop([Values] bool ownThread)
    {
        ForwardLoop loop = new();
        loop.Post(loop.Dispose);
        if (ownThread)
        {
            loop.Start();
            Eventually.Ends(loop.Completion, "the loop");
        }
        else
        {
            Assert.That(() => loop.DoWork(), Throws.Nothing);
        }

        Assert.That(() => loop.DoWork(), Throws.InstanceOf<ObjectDisposedException>());
        Assert.That(loop.Dispose, Throws.Nothing);
    }

    [Test]
    public void Sources_can_be_detached_after_the_loop_was_disposed()
    {
        using ScriptedSource source = new(withSignal: true);
        ForwardLoop loop = new();
        loop.Add(source);
        loop.DoWork();
        loop.Dispose();
        loop.Dispose();
        Assert.That(() => loop.Remove(source), Throws.Nothing);
    }

    [Test]
    public void No_descriptor_leaks()
    {
        int before = CountDescriptors();
        for (int i = 0; i < 50; i++)
        {
            using ForwardLoop idle = new();
            using ForwardLoop driven = new();
            driven.Post(driven.Dispose);
            driven.DoWork();
            using ForwardLoop started = new();
            started.Start();
        }

        Assert.That(CountDescriptors(), Is.LessThanOrEqualTo(before));
    }

    // Only the types that a loop opens: the runtime opens and closes others at any time.
    private static int CountDescriptors() =>
        Directory
            .EnumerateFileSystemEntries("/proc/self/fd")
            .Select(entry => new FileInfo(entry).LinkTarget)
            .Count(target => target is "anon_inode:[eventpoll]" or "anon_inode:[eventfd]");
}
