using System.Net;
using FastForward.Tests.DependencyInjection;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Hosting;

/// <summary>A node without a container: start, requests, stop in order, and every way in which these fail.</summary>
[TestFixture]
public sealed class ForwardHostTests
{
    private TemporaryDirectory _sockets = null!;

    [SetUp]
    public void SetUp() => _sockets = new TemporaryDirectory();

    [TearDown]
    public void TearDown() => _sockets.Dispose();

    [Test]
    public async Task A_handler_of_requests_that_throws_is_logged_with_the_logger_of_the_host()
    {
        CollectingLogger<ForwardHostTests> log = new();
        ForwardClient client = new();
        client.Respond(5, static (_, _) => throw new InvalidDataException("broken"));
        ForwardHostOptions options = Options(1, 2, client);
        options.LoggerFactory = log;
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        Assert.That(async () => await client.RequestAsync(1, 5, default), Throws.InstanceOf<ForwardRefusedException>());
        Assert.That(log.TextsOf(1700), Has.One.StartsWith("The handler of requests to service 5 failed"));
    }

    [Test]
    public async Task A_request_to_a_node_that_was_never_connected_says_so_when_its_time_is_over()
    {
        ForwardClient client = new();
        await using ForwardHost host = await ForwardHost.StartAsync(Options(1, 2, client));
        Assert.That(
            async () => await client.RequestAsync(2, 5, default, TimeSpan.FromMilliseconds(50)),
            Throws.InstanceOf<TimeoutException>().With.Message.Contains("there is no connection to the node")
        );
    }

    [Test]
    public async Task A_stream_of_another_node_is_refused()
    {
        ForwardClient a = new(),
            b = new();
        await using ForwardHost hostA = await ForwardHost.StartAsync(Options(1, 2, a));
        await using ForwardHost hostB = await ForwardHost.StartAsync(Options(2, 1, b));
        ForwardStream foreign = b.OpenStream(1, MessageClass.Reliable, 5);
        Assert.That(
            async () => await a.SendAsync(foreign, default),
            Throws.ArgumentException.With.Property(nameof(ArgumentException.ParamName)).EqualTo("stream")
        );
    }

    [Test]
    public async Task Two_hosts_answer_each_other_and_leave_nothing_behind()
    {
        ForwardClient a = new(),
            b = new();
        b.Respond(5, static (request, _) => new(request.Payload.ToArray()));
        await using (ForwardHost hostA = await ForwardHost.StartAsync(Options(1, 2, a)))
        {
            await using ForwardHost hostB = await ForwardHost.StartAsync(Options(2, 1, b));
            Assert.That(await a.RequestAsync(2, 5, "hello"u8.ToArray()), Is.EqualTo("hello"u8.ToArray()));
            Assert.That((await hostA.PingAsync(2)).Outcome, Is.EqualTo(PingOutcome.Answered));
            Assert.That((hostA.Node.Id, hostB.Node.Id), Is.EqualTo((1u, 2u)));
            Assert.That(hostA.Completion.IsCompleted, Is.False);
        }

        Assert.That(_sockets.Files, Is.Empty, "both removed their sockets");
        Assert.That(
            async () => await a.RequestAsync(2, 5, default),
            Throws.InstanceOf<ForwardSendException>(),
            "the host ended its client"
        );
    }

    [Test]
    public async Task It_stops_from_any_thread_and_from_the_loop_thread_and_twice()
    {
        ForwardHost host = await ForwardHost.StartAsync(Options(1, 2, new ForwardClient()));
        TaskCompletionSource<Task> begun = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Loop.Post(() => begun.SetResult(host.DisposeAsync().AsTask()));
        Task onLoop = await begun.Task;
        Task[] others = [.. Enumerable.Range(0, 4).Select(_ => Task.Run(() => host.StopAsync()))];
        Eventually.Ends(Task.WhenAll([onLoop, .. others, host.Completion]), "all stops");
        await host.DisposeAsync();
        await host.StopAsync();
        Assert.That(host.Loop.Completion.IsCompletedSuccessfully, Is.True);
        Assert.That(_sockets.Files, Is.Empty);
    }

    [Test]
    public async Task What_was_accepted_is_drained_by_the_stop()
    {
        const int Messages = 1000;
        ForwardClient a = new(),
            b = new();
        ForwardReceiver receiver = b.Receive();
        await using ForwardHost hostB = await ForwardHost.StartAsync(Options(2, 1, b));
        await using (ForwardHost hostA = await ForwardHost.StartAsync(Options(1, 2, a)))
        {
            ForwardStream stream = a.OpenStream(2, MessageClass.Reliable);
            for (int i = 0; i < Messages; i++)
                Assert.That((await a.SendAsync(stream, "order"u8.ToArray())).Status, Is.EqualTo(SendStatus.Accepted));
        }

        Eventually.True(() => receiver.Count == Messages, () => $"{receiver.Count} of {Messages}");
    }

    [Test]
    public async Task Actors_answer_requests_at_once_or_later_and_a_client_is_one_of_them()
    {
        ForwardClient client = new();
        ServiceId echo = 7,
            unserved = 8;
        ForwardHostOptions options = Options(1, 2, handler: null)
            .AddActor(new Answering(), echo)
            .AddActor(client, echo.Reply, unserved.Reply);
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        Assert.That(await client.RequestAsync(1, echo, "now"u8.ToArray()), Is.EqualTo("now"u8.ToArray()));
        Assert.That(await client.RequestAsync(1, echo, "later"u8.ToArray()), Is.EqualTo("later"u8.ToArray()));
        ForwardRefusedException? refused = await Assert.ThrowsAsync<ForwardRefusedException>(async () =>
            await client.RequestAsync(1, echo, "never"u8.ToArray())
        );
        Assert.That(refused!.Code, Is.EqualTo(300), "it reset the stream of its reply");
        refused = await Assert.ThrowsAsync<ForwardRefusedException>(async () =>
            await client.RequestAsync(1, unserved, default)
        );
        Assert.That(refused!.Code, Is.EqualTo(ForwardRefusedException.NotServed), "no actor owns the service");
    }

    [Test]
    public async Task Every_problem_is_in_one_exception()
    {
        ForwardHostOptions options = new(0)
        {
            Socket = new SocketTransportOptions { Port = 70_000 },
            Ip = new IpTransportOptions { MaxFrameSize = 1 },
            VSocket = new VSocketTransportOptions { Port = 0 },
        };
        options.Node.MaxStreams = 0;
        options.Loop.PollBudget = 0;
        options.AddRoute(2, TransportKind.Socket, port: 0);
        OptionsValidationException? failure = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
            await ForwardHost.StartAsync(options)
        );
        Assert.That(
            string.Join('\n', failure!.Failures),
            Does.Contain("Node.Node: 0 is")
                .And.Contain("Node.MaxStreams: 0 is not allowed; use 1..1048576, such as 1024.")
                .And.Contain("Loop.PollBudget: 0 is outside")
                .And.Contain("Socket.Port: 70000 is outside")
                .And.Contain("Ip.MaxFrameSize: 1 is outside")
                .And.Contain("VSocket.Port: 0 is outside")
                .And.Contain("The node has no handler for its messages: set Handler")
                .And.Contain("Route { 2, 0, FORWARD_TRANSPORT_SOCKET, \"\", 0 } of the configuration: ")
        );
        ForwardHostOptions both = Options(1, 2, new ForwardClient()).AddActor(new Answering());
        both.Socket = null;
        failure = await Assert.ThrowsAsync<OptionsValidationException>(async () => await ForwardHost.StartAsync(both));
        Assert.That(
            string.Join('\n', failure!.Failures),
            Does.Contain("has a handler and actors").And.Contain("The node has no transport: set Socket")
        );
    }

    [Test]
    public async Task Transports_made_by_the_caller_carry_frames_and_end_with_the_host()
    {
        IpTransport a = new(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] }),
            b = new(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] });
        ForwardHostOptions optionsA = new(1) { Handler = new ForwardClient() },
            optionsB = new(2) { Handler = new ForwardClient() };
        optionsA.Transports.Add(a);
        optionsB.Transports.Add(b);
        StaticRouteSource rowsOfB = new([]);
        optionsB.RouteSources.Add(rowsOfB);
        await using (ForwardHost hostB = await ForwardHost.StartAsync(optionsB))
        {
            int port = ((IPEndPoint)b.LocalEndPoints[0]).Port;
            await using ForwardHost hostA = await ForwardHost.StartAsync(
                optionsA.AddRoute(2, TransportKind.Ip, port, "127.0.0.1")
            );
            rowsOfB.Replace([
                new RouteRow(1, 0, TransportKind.Ip, "127.0.0.1", ((IPEndPoint)a.LocalEndPoints[0]).Port),
            ]);
            Eventually.True(
                () => hostA.Node.CheckHealthAsync(LoopDriver.Limit).Result.Status == NodeHealthStatus.Healthy,
                static () => "node 1 is not connected"
            );
            PingResult ping = await hostA.PingAsync(2);
            Assert.That((ping.Outcome, ping.Transport), Is.EqualTo((PingOutcome.Answered, TransportKind.Ip)));
        }

        AssertDisposed(a);
        AssertDisposed(b);
    }

    [Test]
    public async Task The_loop_runs_on_the_clock_of_the_options()
    {
        FakeTimeProvider time = new();
        ForwardHostOptions options = Options(1, 2, new ForwardClient());
        options.TimeProvider = time;
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        TaskCompletionSource due = new(TaskCreationOptions.RunContinuationsAsynchronously);
        TaskCompletionSource set = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Loop.Post(() =>
        {
            host.Loop.CreateTimer(due.SetResult).SetAfter(TimeSpan.FromHours(1));
            set.SetResult();
        });
        await set.Task;
        Assert.That(due.Task.IsCompleted, Is.False);
        time.Advance(TimeSpan.FromHours(1));
        host.Loop.Post(static () => { }); // ends the sleep, whose length the loop had computed before
        Eventually.Ends(due.Task, "the timer");
    }

    [Test]
    public async Task A_port_that_is_taken_fails_the_start_and_nothing_runs_on()
    {
        await using ForwardHost first = await ForwardHost.StartAsync(Options(1, 2, new ForwardClient()));
        ForwardClient client = new();
        TransportException? failure = await Assert.ThrowsAsync<TransportException>(async () =>
            await ForwardHost.StartAsync(Options(1, 2, client))
        );
        Assert.That(failure!.Message, Does.Contain("FastForward.40001.sock"));
        Assert.That(
            async () => await client.RequestAsync(2, 5, default),
            Throws.InstanceOf<ForwardSendException>(),
            "the client was ended"
        );
    }

    [Test]
    public async Task A_start_can_be_cancelled_before_and_while_it_hangs()
    {
        await Assert.CatchAsync<OperationCanceledException>(async () =>
            await ForwardHost.StartAsync(Options(1, 2, new ForwardClient()), new CancellationToken(true))
        );
        Assert.That(_sockets.Files, Is.Empty);
        using ManualResetEventSlim reached = new(),
            open = new();
        using CancellationTokenSource cancel = new();
        ForwardHostOptions options = Options(1, 2, handler: null).AddActor(new Hanging(reached, open));
        Task<ForwardHost> start = ForwardHost.StartAsync(options, cancel.Token);
        try
        {
            Eventually.True(() => reached.IsSet, () => "the actor is not started");
            await cancel.CancelAsync();
        }
        finally
        {
            open.Set();
        }

        await Assert.CatchAsync<OperationCanceledException>(async () => await start);
        Assert.That(_sockets.Files, Is.Empty);
    }

    [Test]
    public async Task A_loop_that_fails_ends_the_host_with_the_exception()
    {
        using CollectingProvider log = new();
        using ILoggerFactory loggers = LoggerFactory.Create(logging => logging.AddProvider(log));
        ForwardHostOptions options = Options(1, 2, handler: null).AddActor(new Answering(), 7);
        options.Loop.FailFast = true;
        options.LoggerFactory = loggers;
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        Task shutdown = host.WaitForShutdownAsync();
        host.Loop.Post(() => host.Node.OpenStream(1, MessageClass.Reliable, 7).Send("fail"u8));
        InvalidOperationException? failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await shutdown
        );
        Assert.That(failure!.Message, Is.EqualTo("the actor fails as it was told"));
        Assert.That(host.Completion.IsFaulted, Is.True);
        Assert.That(log.Entries.Select(static entry => entry.Id), Does.Contain(1600).And.Contain(1604));
        await host.DisposeAsync();
        Assert.That(_sockets.Files, Is.Empty, "what the loop left behind was released");
    }

    [Test]
    public async Task It_waits_for_a_token_shows_its_counters_and_follows_sources_of_routes()
    {
        StaticRouteSource routes = new([]);
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics());
        ForwardHostOptions options = Options(1, 2, new ForwardClient());
        options.Metrics = metrics;
        options.RouteSources.Add(routes);
        await using ForwardHost host = await ForwardHost.StartAsync(options);
        routes.Replace([new RouteRow(3, 0, TransportKind.Socket, "", 40_003)]);
        TaskCompletionSource<int> peers = new(TaskCreationOptions.RunContinuationsAsynchronously);
        host.Loop.Post(() => peers.SetResult(host.Node.GetPeers().Count));
        Assert.That(await peers.Task, Is.EqualTo(2));
        recording.Observe();
        Assert.That(
            recording.All.Select(static series => $"{series.Tags["fastforward.node"]}"),
            Is.Not.Empty.And.All.EqualTo("1"),
            "series of node 1"
        );
        using CancellationTokenSource stop = new();
        Task shutdown = host.WaitForShutdownAsync(stop.Token);
        Assert.That(shutdown.IsCompleted, Is.False);
        await stop.CancelAsync();
        Eventually.Ends(shutdown, "the wait");
    }

    [Test]
    public async Task A_cancelled_start_or_one_without_a_handler_disposes_the_transports()
    {
        IpTransport cancelled = LoopbackTransport();
        ForwardHostOptions options = Options(1, 2, new ForwardClient());
        options.Transports.Add(cancelled);
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics());
        options.Metrics = metrics;
        await Assert.CatchAsync<OperationCanceledException>(async () =>
            await ForwardHost.StartAsync(options, new CancellationToken(true))
        );
        AssertDisposed(cancelled);
        recording.Observe();
        Assert.That(recording.All, Is.Empty, "the meter does not keep a node that did not start");

        ForwardClient shared = new();
        await using ForwardHost first = await ForwardHost.StartAsync(Options(1, 2, shared));
        IpTransport second = LoopbackTransport();
        options = Options(2, 1, shared);
        options.Transports.Add(second);
        await Assert.ThrowsAsync<InvalidOperationException>(async () => await ForwardHost.StartAsync(options));
        AssertDisposed(second);
        shared.Respond(5, static (request, _) => new(request.Payload.ToArray()));
        Assert.That(
            await shared.RequestAsync(1, 5, "x"u8.ToArray()),
            Is.EqualTo("x"u8.ToArray()),
            "the client still belongs to the first host"
        );
    }

    [Test]
    public async Task Options_start_one_host_and_a_second_use_is_refused_with_the_reason()
    {
        ForwardHostOptions options = Options(1, 2, new ForwardClient());
        await using (await ForwardHost.StartAsync(Options(1, 2, new ForwardClient())))
        {
            await Assert.CatchAsync<TransportException>(async () => await ForwardHost.StartAsync(options));
        }

        InvalidOperationException? failure = await Assert.ThrowsAsync<InvalidOperationException>(async () =>
            await ForwardHost.StartAsync(options)
        );
        Assert.That(failure!.Message, Does.Contain("create new ForwardHostOptions"));
    }

    [Test]
    public async Task Two_transports_of_one_kind_are_one_of_the_problems()
    {
        using IpTransport transport = LoopbackTransport();
        ForwardHostOptions options = Options(1, 2, new ForwardClient());
        options.Ip = new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] };
        options.Transports.Add(transport);
        OptionsValidationException? failure = await Assert.ThrowsAsync<OptionsValidationException>(async () =>
            await ForwardHost.StartAsync(options)
        );
        Assert.That(failure!.Message, Does.Contain("more than one Ip transport"));
    }

    [Test]
    public async Task A_ping_of_a_host_that_has_ended_fails_at_once()
    {
        ForwardClient client = new();
        ForwardHost host = await ForwardHost.StartAsync(Options(1, 2, client));
        await host.DisposeAsync();
        foreach (Task<PingResult> ping in new[] { host.PingAsync(1), client.PingAsync(1) })
        {
            ForwardSendException? failure = await Assert.ThrowsAsync<ForwardSendException>(async () => await ping);
            Assert.That(failure!.Status, Is.EqualTo(SendStatus.Stopping));
        }
    }

    private ForwardHostOptions Options(uint node, uint other, IForwardHandler? handler)
    {
        ForwardHostOptions options = new(node)
        {
            Socket = new SocketTransportOptions { Directory = _sockets.Path, Port = 40_000 + (int)node },
            Handler = handler,
        };
        return options.AddRoute(other, TransportKind.Socket, 40_000 + (int)other);
    }

    private static IpTransport LoopbackTransport() =>
        new(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] });

    private static void AssertDisposed(IpTransport transport) =>
        Assert.That(
            () => transport.Connect(new IPEndPoint(IPAddress.Loopback, 9)),
            Throws.InstanceOf<ObjectDisposedException>(),
            "the host disposed of it"
        );

    /// <summary>
    /// Answers "now" in the call, "later" from a later cycle, "never" with a reset, and fails on "fail".
    /// </summary>
    private sealed class Answering : IActor
    {
        private ForwardStream? _later;

        public string Name => "answering";

        public void OnStart(ActorContext context) => Context = context;

        private ActorContext? Context { get; set; }

        public void OnMessage(in ReceivedMessage message)
        {
            if (Context is not { } context)
                return;
            ForwardStream reply = context.Node.OpenReply(message);
            if (message.Payload.SequenceEqual("fail"u8))
                throw new InvalidOperationException("the actor fails as it was told");
            if (message.Payload.SequenceEqual("later"u8))
            {
                _later = reply;
                context.Loop.Post(() => _later.Send("later"u8, SendOptions.End));
                return;
            }

            if (message.Payload.SequenceEqual("now"u8))
            {
                reply.Send(message.Payload, SendOptions.End);
                return;
            }

            reply.Send([]);
            reply.Reset(300);
        }
    }

    private sealed class Hanging(ManualResetEventSlim reached, ManualResetEventSlim open) : IActor
    {
        public string Name => "hanging";

        public void OnStart(ActorContext context)
        {
            reached.Set();
            open.Wait();
        }

        public void OnMessage(in ReceivedMessage message) { }
    }
}
