using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Hosting;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Tests.Hosting;

/// <summary>Stops that are cancelled, that fail, or that follow a fault: everything is released all the same.</summary>
[TestFixture]
public sealed class HostStopTests
{
    private TemporaryDirectory _sockets = null!;

    [SetUp]
    public void SetUp() => _sockets = new TemporaryDirectory();

    [TearDown]
    public void TearDown() => _sockets.Dispose();

    [Test]
    public async Task A_stop_that_is_cancelled_while_it_drains_releases_everything()
    {
        ForwardClient client = new();
        TaskCompletionSource<Undelivered> undelivered = new(TaskCreationOptions.RunContinuationsAsynchronously);
        client.Undelivered += report => undelivered.TrySetResult(report);
        Task read = ReadAll(client.Receive(9));
        ForwardHostOptions options = Options(1, 2, client);
        options.Node.DrainLimit = TimeSpan.FromMinutes(1);
        await using ForwardHost peer = await ForwardHost.StartAsync(Options(2, 1, new ForwardClient()));
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        AwaitConnection(host, 2);
        using ManualResetEventSlim gate = new();
        using CancellationTokenSource cancel = new();
        peer.Loop.Post(gate.Wait); // it acknowledges nothing
        await client.SendAsync(client.OpenStream(2, MessageClass.Reliable), new byte[10]);
        Task stop = host.StopAsync(cancel.Token);
        try
        {
            Eventually.True(
                () => host.Node.CheckHealthAsync(LoopDriver.Limit).Result.Problems.Any(IsStopping),
                static () => "the node does not drain"
            );
            await cancel.CancelAsync();
            await Assert.CatchAsync<OperationCanceledException>(async () => await stop);
            Eventually.Ends(read, "the receiver");
            Eventually.Ends(undelivered.Task, "the report of the undelivered message");
            Eventually.Ends(host.Completion, "the host");
            Eventually.True(
                () => !_sockets.Files.Any(static file => file.Contains("40001", StringComparison.Ordinal)),
                static () => "the socket is not removed"
            );
        }
        finally
        {
            gate.Set();
        }

        static bool IsStopping(string problem) => problem.Contains("stopping", StringComparison.Ordinal);
    }

    [Test]
    public async Task A_stop_with_a_cancelled_token_ends_the_loop_without_a_drain()
    {
        ForwardClient client = new();
        Task read = ReadAll(client.Receive(9));
        await using ForwardHost host = await ForwardHost.StartAsync(Options(1, 2, client));
        await Assert.CatchAsync<OperationCanceledException>(async () =>
            await host.StopAsync(new CancellationToken(true))
        );
        Eventually.Ends(host.Completion, "the host");
        Eventually.Ends(read, "the receiver");
        Eventually.True(() => _sockets.Files.Count == 0, static () => "the socket is not removed");
    }

    [Test]
    public async Task A_handler_that_throws_while_a_failed_loop_is_released_skips_nothing()
    {
        await using ForwardHost peer = await ForwardHost.StartAsync(Options(2, 1, new ForwardClient()));
        ForwardClient client = new();
        client.PeerChanged += static change =>
        {
            if (change.Kind != PeerEventKind.Connected)
                throw new InvalidOperationException("the handler of peer events fails");
        };
        Task read = ReadAll(client.Receive(9));
        ForwardHostOptions options = Options(1, 2, client);
        options.Loop.FailFast = true;
        ForwardHost host = await ForwardHost.StartAsync(options);
        AwaitConnection(host, 2);
        host.Loop.Post(static () => throw new InvalidOperationException("posted work fails"));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Completion);
        await host.DisposeAsync();
        await host.DisposeAsync();
        Eventually.Ends(read, "the receiver");
        Assert.That(_sockets.Files, Has.None.Contains("40001"));
        Assert.That(host.Node.StopAsync().IsCompletedSuccessfully, Is.True);
    }

    [Test]
    public async Task A_handler_that_fails_to_stop_is_reported_and_skips_nothing()
    {
        await using ForwardHost host = await ForwardHost.StartAsync(Options(1, 2, new FailingToStop()));
        Assert.That(
            async () => await ForwardHost.StartAsync(Options(1, 2, new FailingToStop())),
            Throws.InstanceOf<TransportException>(),
            "the reason of the start is not replaced"
        );
        InvalidOperationException? failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await host.StopAsync()
        );
        Assert.That(failure!.Message, Is.EqualTo("the handler does not stop"));
        Assert.That(_sockets.Files, Is.Empty);
        Eventually.Ends(host.Completion, "the host");
        await host.DisposeAsync();
    }

    [Test]
    public async Task All_actors_are_stopped_when_several_fail_to_stop()
    {
        ForwardHostOptions options = Options(1, 2, handler: null);
        options.Loop.FailFast = true;
        FailingActor first = new("first"),
            second = new("second");
        ForwardHost host = await ForwardHost.StartAsync(options.AddActor(first).AddActor(second));
        await host.DisposeAsync();
        Assert.That((first.Stops, second.Stops), Is.EqualTo((1, 1)));
        Assert.That(_sockets.Files, Is.Empty);
    }

    [Test]
    public async Task A_failed_loop_fails_new_pings_and_pipes_at_once()
    {
        ForwardClient client = new();
        ForwardHostOptions options = Options(1, 2, client);
        options.Loop.FailFast = true;
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        host.Loop.Post(static () => throw new InvalidOperationException("posted work fails"));
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await host.Completion);
        Assert.That(
            async () => await client.PingAsync(1),
            Throws.InstanceOf<ForwardSendException>().With.Property("Status").EqualTo(SendStatus.Stopping)
        );
        Task<ForwardPipe> pipe = client.ConnectPipeAsync(1, 5);
        Eventually.True(() => pipe.IsCompleted, static () => "the connect does not end");
        Assert.That(async () => await pipe, Throws.InstanceOf<ForwardPipeException>());
    }

    [Test]
    public async Task What_a_hanging_callback_delays_is_released_when_it_returns()
    {
        ForwardLoop loop = new();
        using OverrideResolver routes = new([]);
        ForwardNode node = new(loop, new ForwardNodeOptions { Node = 1, DrainLimit = TimeSpan.Zero }, [], routes);
        ForwardClient client = new();
        TaskCompletionSource released = new(TaskCreationOptions.RunContinuationsAsynchronously);
        NodeRunner runner = new(loop, node, client, NullLogger.Instance, Release)
        {
            StopLimit = TimeSpan.FromMilliseconds(20),
            CycleLimit = TimeSpan.FromMilliseconds(20),
        };
        await runner.StartAsync(CancellationToken.None);
        Task read = ReadAll(client.Receive(9));
        using ManualResetEventSlim gate = new();
        loop.Post(gate.Wait);
        await runner.DisposeAsync();
        Assert.That((read.IsCompleted, released.Task.IsCompleted), Is.EqualTo((false, false)), "the callback hangs");
        gate.Set();
        Eventually.Ends(released.Task, "the release");
        Eventually.Ends(read, "the receiver");
        Assert.That(node.StopAsync().IsCompletedSuccessfully, Is.True, "the node is disposed");
        await runner.DisposeAsync();

        void Release()
        {
            loop.Dispose();
            released.SetResult();
        }
    }

    [Test]
    public async Task A_handler_that_wraps_a_client_is_started_and_stopped_with_the_node()
    {
        ForwardClient client = new();
        client.Respond(5, static (request, _) => new(request.Payload.ToArray()));
        Counting handler = new(client);
        await using (await ForwardHost.StartAsync(Options(1, 2, handler)))
        {
            Assert.That(await client.RequestAsync(1, 5, "x"u8.ToArray()), Is.EqualTo("x"u8.ToArray()));
            Assert.That((handler.Messages, handler.Stops), Is.EqualTo((2, 0)), "the request and its reply");
        }

        Assert.That(handler.Stops, Is.EqualTo(1));
        Assert.That(() => client.Receive(), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static async Task ReadAll(ForwardReceiver receiver)
    {
        await foreach (ForwardMessage _ in receiver.ReadAllAsync()) { }
    }

    private static void AwaitConnection(ForwardHost host, uint peer) =>
        Eventually.True(
            () =>
            {
                TaskCompletionSource<bool> connected = new(TaskCreationOptions.RunContinuationsAsynchronously);
                host.Loop.Post(() => connected.SetResult(host.Node.GetPeer(peer)!.State == PeerState.Connected));
                return connected.Task.Result;
            },
            () => $"node {peer} is not connected"
        );

    private ForwardHostOptions Options(uint node, uint other, IForwardHandler? handler) =>
        new ForwardHostOptions(node)
        {
            Socket = new SocketTransportOptions { Directory = _sockets.Path, Port = 40_000 + (int)node },
            Handler = handler,
        }.AddRoute(other, TransportKind.Socket, 40_000 + (int)other);

    private sealed class FailingToStop : IForwardHandler, INodeLifetime
    {
        public void OnMessage(in ReceivedMessage message) { }

        public void OnStart(ForwardNode node, ForwardLoop loop) { }

        public void OnStop() => throw new InvalidOperationException("the handler does not stop");
    }

    private sealed class FailingActor(string name) : IActor
    {
        public string Name => name;

        public int Stops { get; private set; }

        public void OnMessage(in ReceivedMessage message) { }

        public void OnStop()
        {
            Stops++;
            throw new InvalidOperationException($"{name} does not stop");
        }
    }

    /// <summary>Counts the messages of a client.</summary>
    private sealed class Counting(ForwardClient client) : IForwardHandler, INodeLifetime
    {
        private readonly IForwardHandler _handler = client;
        private readonly INodeLifetime _lifetime = client;
        private int _messages;

        public int Messages => Volatile.Read(ref _messages);

        public int Stops { get; private set; }

        public void OnStart(ForwardNode node, ForwardLoop loop) => _lifetime.OnStart(node, loop);

        public void OnStop()
        {
            Stops++;
            _lifetime.OnStop();
        }

        public void OnMessage(in ReceivedMessage message)
        {
            _messages++;
            _handler.OnMessage(message);
        }

        public void OnStreamEnd(in StreamEnd end) => _handler.OnStreamEnd(end);

        public void OnPeer(in PeerEvent change) => _handler.OnPeer(change);

        public void OnWritable(uint node, ulong stream) => _handler.OnWritable(node, stream);

        public void OnUndelivered(in Undelivered report) => _handler.OnUndelivered(report);
    }
}
