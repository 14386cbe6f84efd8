using FastForward.Transport;
using FastForward.Transport.Loop;

namespace FastForward.Tests.Node;

/// <summary><see cref="ForwardNode.DisposeAsync"/> on all threads and in all states of the loop.</summary>
[TestFixture]
public sealed class NodeDisposalTests
{
    private const uint Self = 1;

    [Test]
    public async Task Any_thread_may_dispose_a_node_on_a_running_loop_repeatedly()
    {
        await using ForwardLoop loop = new();
        StaticNode node = new(loop, Self);
        loop.Start();
        Task[] disposals = [.. Enumerable.Range(0, 8).Select(_ => Task.Run(() => node.Node.DisposeAsync().AsTask()))];
        await Task.WhenAll(disposals).WaitAsync(LoopDriver.Limit);
        await node.Node.DisposeAsync();
        Assert.That(
            (await node.Node.CheckHealthAsync(LoopDriver.Limit)).Status,
            Is.EqualTo(NodeHealthStatus.Unhealthy)
        );
        Assert.That(loop.Completion.IsCompleted, Is.False, "the loop goes on");
    }

    [Test]
    public async Task Messages_sent_before_are_delivered()
    {
        await using ForwardLoop loop = new();
        StaticNode node = new(loop, Self);
        TaskCompletionSource sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        loop.Start();
        loop.Post(() =>
        {
            node.Node.OpenStream(Self, MessageClass.Reliable).Send("last words"u8);
            sent.SetResult();
        });
        await sent.Task.WaitAsync(LoopDriver.Limit);
        await node.Node.DisposeAsync();
        Assert.That(node.Messages, Has.Count.EqualTo(1));
    }

    [Test]
    public async Task Inside_a_callback_it_stops_the_node_in_order()
    {
        await using ForwardLoop loop = new();
        StaticNode node = new(loop, Self);
        TaskCompletionSource<Task> disposal = new(TaskCreationOptions.RunContinuationsAsynchronously);
        node.OnReceived = () => disposal.SetResult(node.Node.DisposeAsync().AsTask());
        loop.Start();
        loop.Post(() => node.Node.OpenStream(Self, MessageClass.Reliable).Send("x"u8));
        await disposal.Task.Unwrap().WaitAsync(LoopDriver.Limit);
    }

    [Test]
    public async Task After_the_end_of_the_loop_the_caller_disposes_the_node()
    {
        await using ForwardLoop loop = new();
        StaticNode node = new(loop, Self);
        loop.Start();
        await loop.StopAsync();
        await node.Node.DisposeAsync();
        Assert.That(node.Node.StopAsync().IsCompleted, Is.True);
    }

    [Test]
    public async Task It_completes_when_the_loop_ends_in_the_meantime()
    {
        await using ForwardLoop loop = new();
        StaticNode node = new(loop, Self);
        using ManualResetEventSlim gate = new();
        loop.Start();
        loop.Post(() => gate.Wait(LoopDriver.Limit));
        Task disposal = node.Node.DisposeAsync().AsTask();
        Task end = loop.StopAsync();
        gate.Set();
        await end.WaitAsync(LoopDriver.Limit);
        await disposal.WaitAsync(LoopDriver.Limit);
        Assert.That(node.Node.StopAsync().IsCompleted, Is.True);
    }

    [Test]
    public async Task It_completes_in_every_race_with_the_end_of_the_loop()
    {
        const int Races = 3000;
        List<Task> disposals = [];
        for (int i = 0; i < Races; i++)
        {
            using ForwardLoop loop = new();
            StaticNode node = new(loop, Self);
            loop.Start();
            _ = loop.StopAsync();
            Thread.SpinWait(i % 300 * 10);
            disposals.Add(node.Node.DisposeAsync().AsTask());
        }

        await Task.WhenAll(disposals).WaitAsync(LoopDriver.Limit);
    }

    [Test]
    public void A_handler_that_throws_does_not_end_the_disposal_half_way()
    {
        using ForwardLoop loop = new(new ForwardLoopOptions { FailFast = true });
        StaticNode node = new(loop, Self);
        loop.DoWork();
        int calls = 0;
        node.OnMessageOnly = () => throw new InvalidOperationException($"message {++calls}");
        ForwardStream stream = node.Node.OpenStream(Self, MessageClass.Reliable);
        stream.Send("1"u8);
        stream.Send("2"u8);
        Task stopped = node.Node.StopAsync();
        InvalidOperationException? failure = Assert.Throws<InvalidOperationException>(node.Node.Dispose);
        Assert.That((failure!.Message, calls), Is.EqualTo(("message 1", 2)), "both were delivered");
        Assert.That((stopped.IsCompletedSuccessfully, loop.DoWork()), Is.EqualTo((true, 0)));
    }

    [Test]
    public void The_thread_that_drives_the_loop_by_hand_disposes_at_once()
    {
        using ForwardLoop loop = new();
        StaticNode node = new(loop, Self);
        loop.DoWork();
        Assert.That(node.Node.DisposeAsync().AsTask().IsCompletedSuccessfully, Is.True);
        Assert.That(loop.DoWork(), Is.Zero);
    }
}
