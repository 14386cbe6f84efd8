using System.IO.Pipelines;
using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>The other side is a process of its own, which is killed and comes back.</summary>
[TestFixture]
[Category("Process")]
public sealed class ClientProcessTests
{
    [Test]
    public async Task After_kill_9_pipes_break_and_sends_that_wait_go_to_the_next_process()
    {
        const uint Here = 25011,
            There = 250012;
        using TemporaryDirectory directory = new();
        await using ClientNode node = new(
            directory.Path,
            Here,
            There,
            configure: static options =>
            {
                options.ProbeInterval = TimeSpan.FromMilliseconds(200);
                options.DeadAfter = TimeSpan.FromSeconds(20);
            }
        );
        node.Start();
        using TestProcess first = Start();
        await using ForwardPipe pipe = await node.Client.ConnectPipeAsync(There, ClientPeer.Service);
        await pipe.Output.WriteAsync("hello"u8.ToArray());
        ReadResult echo = await pipe.Input.ReadAtLeastAsync(5);
        Assert.That(echo.Buffer.Length, Is.EqualTo(5));
        pipe.Input.AdvanceTo(echo.Buffer.End);

        // A pipe and a stream of messages fill up, since nobody reads there.
        Task<FlushResult> writing = pipe.Output.WriteAsync(new byte[2 << 20]).AsTask();
        int accepted = 0;
        using CancellationTokenSource enough = new();
        Task sending = Task.Run(async () =>
        {
            while (true)
            {
                if (
                    (
                        await node.Client.SendAsync(
                            There,
                            1,
                            MessageClass.Reliable,
                            new byte[10_000],
                            cancellation: enough.Token
                        )
                    ).IsAccepted
                )
                    Interlocked.Increment(ref accepted);
            }
        });
        Eventually.True(
            () => node.Client.PendingSends == 2 && Volatile.Read(ref accepted) == (256 << 10) / (10_000 + 32),
            () => $"{accepted} messages accepted, {node.Client.PendingSends} sends wait"
        );

        int before = Volatile.Read(ref accepted);
        first.Kill();
        using TestProcess second = Start();
        ForwardPipeException? broken = await Assert.ThrowsAsync<ForwardPipeException>(async () => await writing);
        Assert.That(broken!.Failure, Is.AnyOf(PipeFailure.PeerLost, PipeFailure.PeerRestarted));
        Assert.That(
            async () => await pipe.Input.CopyToAsync(Stream.Null),
            Throws.InstanceOf<ForwardPipeException>(),
            "after what had come"
        );
        await using ForwardPipe next = await node.Client.ConnectPipeAsync(There, ClientPeer.Service);
        await next.Output.WriteAsync("hello again"u8.ToArray());
        echo = await next.Input.ReadAtLeastAsync(11);
        Assert.That(echo.Buffer.Length, Is.EqualTo(11));
        next.Input.AdvanceTo(echo.Buffer.End);
        Eventually.True(
            () => Volatile.Read(ref accepted) == 2 * before && node.Client.PendingSends == 1,
            () => $"the waiting send went on into the next life, which takes as many: {accepted} of twice {before}"
        );
        await enough.CancelAsync();
        Assert.That(async () => await sending, Throws.InstanceOf<OperationCanceledException>());

        TestProcess Start()
        {
            TestProcess process = TestProcess.Start("client", directory.Path, $"{There}", $"{Here}");
            Assert.That(process.ReadLine(), Is.EqualTo("ready"));
            return process;
        }
    }
}
