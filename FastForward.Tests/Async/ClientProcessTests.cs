using System.IO.Pipelines;
using FastForward.Transport;

namespace FastForward.Tests.Async;

/// <summary>The peer is a separate process, which is killed and restarted.</summary>
[TestFixture]
[Category("Process")]
public sealed class ClientProcessTests
{
    private const uint Here = 25011;
    private const uint There = 250012;

    [Test]
    public async Task After_kill_9_pipes_break_and_pending_sends_go_to_the_new_process()
    {
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

        // A pipe and a stream of messages fill up, since the peer reads neither.
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
                            cancellationToken: enough.Token
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

        TestProcess Start() => StartPeer(directory);
    }

    [Test]
    public async Task After_kill_9_sent_requests_fail_and_pending_ones_go_to_the_new_process()
    {
        using TemporaryDirectory directory = new();
        await using ClientNode node = new(
            directory.Path,
            Here,
            There,
            new ForwardClientOptions { MaxRequestsPerNode = 3, RequestTimeout = TimeSpan.FromSeconds(30) },
            static options => options.ProbeInterval = TimeSpan.FromMilliseconds(200)
        );
        node.Start();
        using TestProcess first = StartPeer(directory);
        Assert.That(
            await node.Client.RequestAsync(There, ClientPeer.Echo, "hello"u8.ToArray()),
            Is.EqualTo("hello"u8.ToArray())
        );
        Task<byte[]>[] silent =
        [
            .. Enumerable.Range(0, 3).Select(_ => node.Client.RequestAsync(There, ClientPeer.Silent, default)),
        ];
        Eventually.True(() => node.StoredFor(There) == 0, () => "the requests are not acknowledged");
        Task<byte[]> waiting = node.Client.RequestAsync(There, ClientPeer.Echo, "again"u8.ToArray());

        first.Kill();
        using TestProcess second = StartPeer(directory);
        foreach (Task<byte[]> request in silent)
        {
            ForwardUndeliveredException? lost = await Assert.ThrowsAsync<ForwardUndeliveredException>(async () =>
                await request
            );
            Assert.That(
                lost!.Reason,
                Is.AnyOf(UndeliveredReason.PeerLost, UndeliveredReason.PeerRestarted),
                lost.Message
            );
        }

        Assert.That(await waiting, Is.EqualTo("again"u8.ToArray()), "it was not sent to the first process");
        Assert.That(
            (node.Client.PendingRequests, node.Client.RequestGates, node.Client.LateReplies),
            Is.EqualTo((0, 0, 0L))
        );
    }

    private static TestProcess StartPeer(TemporaryDirectory directory)
    {
        TestProcess process = TestProcess.Start("client", directory.Path, $"{There}", $"{Here}");
        Assert.That(process.ReadLine(), Is.EqualTo("ready"));
        return process;
    }
}
