using FastForward.Transport;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Async;

/// <summary>
/// A client whose loop the test drives: nothing happens between two cycles. It sends to its own node.
/// </summary>
internal sealed class DrivenClient : IAsyncDisposable
{
    public const uint Self = 1;

    private readonly OverrideResolver _resolver = new([]);

    public DrivenClient(ForwardClientOptions? options = null, Action<ForwardNodeOptions>? configure = null)
    {
        Loop = new ForwardLoop(new ForwardLoopOptions { FailFast = true });
        Client = new ForwardClient(options);
        ForwardNodeOptions nodeOptions = new() { Node = Self, RealTimeBudget = TimeSpan.FromSeconds(5) };
        configure?.Invoke(nodeOptions);
        Node = new ForwardNode(Loop, nodeOptions, [], _resolver);
        Client.Attach(Node, Loop);
        Node.Start(Client);
        Cycle();
    }

    public ForwardLoop Loop { get; }

    public ForwardNode Node { get; }

    public ForwardClient Client { get; }

    /// <summary>Runs cycles until there is no work.</summary>
    public void Cycle()
    {
        while (Loop.DoWork() > 0) { }
    }

    /// <summary>
    /// Runs cycles until a task has completed, which may depend on other threads. Returns a completed task, so that a
    /// test that awaits it stays on the loop thread.
    /// </summary>
    public async Task<T> Until<T>(Task<T> task)
    {
        long began = Environment.TickCount64;
        while (!task.IsCompleted)
        {
            Loop.DoWork();
            Thread.Yield();
            if (Environment.TickCount64 - began > 30_000)
                Assert.Fail("After 30 s still not ended.");
        }

        return await task;
    }

    /// <summary>As <see cref="Until{T}"/>, for a condition.</summary>
    public void Until(Func<bool> condition, string what)
    {
        long began = Environment.TickCount64;
        while (!condition())
        {
            Loop.DoWork();
            Thread.Yield();
            if (Environment.TickCount64 - began > 30_000)
                Assert.Fail($"After 30 s still not: {what}");
        }
    }

    public ValueTask DisposeAsync()
    {
        Node.Dispose();
        ValueTask closed = Client.DisposeAsync();
        Loop.Dispose();
        _resolver.Dispose();
        return closed;
    }
}
