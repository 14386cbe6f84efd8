using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.DependencyInjection;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace FastForward.Tests.DependencyInjection;

/// <summary>The lifetime of a node in a container: start, messages, stop, and their failures.</summary>
[TestFixture]
public sealed class ForwardServiceTests
{
    private TemporaryDirectory _sockets = null!;

    [SetUp]
    public void SetUp() => _sockets = new TemporaryDirectory();

    [TearDown]
    public void TearDown() => _sockets.Dispose();

    [Test]
    public void Two_hosts_greet_each_other_and_stop_in_order()
    {
        using HostedNode a = new(_sockets, 1, 2);
        using HostedNode b = new(_sockets, 2, 1);
        a.Start();
        b.Start();
        Eventually.True(
            () => a.Handler.Received.Contains("2: hello") && b.Handler.Received.Contains("1: hello"),
            () => $"{a.Handler.Received.Length} and {b.Handler.Received.Length} messages"
        );
        Assert.That(Health(a).Status, Is.EqualTo(HealthStatus.Healthy), Health(a).Description);
        a.Stop();
        Eventually.True(() => Health(b).Status == HealthStatus.Degraded, () => $"degraded, but {Health(b).Status}");
        Assert.That(Health(b).Description, Does.StartWith("node 1 is no longer connected: the peer closed"));
        Assert.That(Health(a).Status, Is.EqualTo(HealthStatus.Unhealthy), "it has stopped");
        b.Stop();
        Assert.That(_sockets.Files, Is.Empty, "both took their sockets away");
        Assert.That(a.Log.Entries.Select(static entry => entry.Id), Does.Contain(1600).And.Contain(1601));
    }

    /// <summary>The example of the package README.</summary>
    [Test]
    public void A_ForwardClient_is_an_actor_or_the_handler_of_the_container([Values] bool isActor)
    {
        using HostedNode host = new(
            _sockets,
            1,
            2,
            node =>
                _ = isActor
                    ? node.AddActor<ForwardClient>(0, 5, new ServiceId(5).Reply)
                    : node.AddHandler<ForwardClient>()
        );
        ForwardClient client = host.App.Services.GetRequiredService<ForwardClient>();
        ForwardReceiver receiver = client.Receive();
        ForwardPipeListener listener = client.Listen(5);
        host.Start();
        Task<SendResult> sent = client.SendAsync(1, 7, MessageClass.Reliable, "hello"u8.ToArray()).AsTask();
        Eventually.Ends(sent, "sending");
        Assert.That(sent.Result.Status, Is.EqualTo(SendStatus.Accepted));
        Eventually.True(() => receiver.Count == 1, () => $"one message, but {receiver.Count}");
        Eventually.Ends(client.ConnectPipeAsync(1, 5), "connecting a pipe");
        Eventually.Ends(listener.AcceptAsync().AsTask(), "accepting it");
        host.Stop();
    }

    [Test]
    public void Changes_of_a_registered_route_source_are_followed()
    {
        OwnRoutes routes = new();
        using HostedNode a = new(_sockets, 1, 2, node => node.AddHandler<HostedHandler>().AddRouteSource(_ => routes));
        using HostedNode c = new(_sockets, 3, 1);
        a.Start();
        c.Start();
        routes.Rows = [new RouteRow(3, 0, TransportKind.Socket, "", HostedNode.Port(3))];
        Eventually.True(
            () => a.Handler.Received.Contains("3: hello"),
            () => $"{a.Handler.Received.Length} messages of node 3"
        );
        OverrideResolver resolver = a.App.Services.GetRequiredService<OverrideResolver>();
        Assert.That(resolver.Problems, Is.Empty);
        routes.Rows = [routes.Rows.ElementAt(0) with { Port = 0 }];
        Assert.That(resolver.Problems.Single().Source, Is.EqualTo(routes.Name));
    }

    [Test]
    public void Accepted_messages_are_drained_before_the_stop()
    {
        const int Messages = 1000;
        using HostedNode a = new(_sockets, 1, 2);
        using HostedNode b = new(_sockets, 2, 1);
        a.Start();
        b.Start();
        Eventually.True(() => a.Handler.Received.Length > 0, () => "no greeting");
        int accepted = 0;
        TaskCompletionSource sent = new();
        a.Loop.Post(() =>
        {
            while (accepted < Messages && a.Node.Send(2, 7, MessageClass.Reliable, "order"u8).IsAccepted)
                accepted++;
            sent.SetResult();
        });
        Eventually.Ends(sent.Task, "sending");
        a.Stop();
        Assert.That(accepted, Is.Positive);
        Eventually.True(
            () => b.Handler.Received.Count(static text => text == "1: order") == accepted,
            () => $"{b.Handler.Received.Length} of {accepted}"
        );
    }

    [Test]
    public void A_peer_that_was_never_heard_from_degrades_the_health_and_is_named()
    {
        using HostedNode a = new(_sockets, 1, 2);
        a.Start();
        HealthReportEntry health = Health(a);
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Degraded));
        Assert.That(health.Description, Does.StartWith("node 2 is configured but was never heard from"));
        Assert.That(health.Data["absentPeers"], Is.EqualTo(new[] { 2u }));
    }

    [Test]
    public void A_loop_that_is_blocked_in_a_callback_is_unhealthy()
    {
        using HostedNode a = new(
            _sockets,
            1,
            2,
            static builder =>
                builder
                    .AddHandler<HostedHandler>()
                    .ConfigureService(static service => service.HealthLimit = TimeSpan.FromMilliseconds(20))
        );
        using ManualResetEventSlim release = new();
        a.Start();
        a.Loop.Post(release.Wait);
        HealthReportEntry health = Health(a);
        release.Set();
        Assert.That(health.Status, Is.EqualTo(HealthStatus.Unhealthy));
        Assert.That(health.Description, Does.Contain("no duty cycle within 0.02 s"));
    }

    [Test]
    public void Actors_are_started_and_stopped_with_the_node()
    {
        using HostedNode a = new(_sockets, 1, 2, static builder => builder.AddActor<EchoCounter>(5));
        a.Start();
        EchoCounter actor = a.App.Services.GetRequiredService<EchoCounter>();
        a.Loop.Post(() => a.Node.Send(1, new ServiceId(5).StreamWith(0), MessageClass.Reliable, "to myself"u8));
        Eventually.True(() => actor.Messages == 1, () => $"{actor.Messages} messages");
        a.Stop();
        Assert.That(actor.Stops, Is.EqualTo(1));
    }

    [Test]
    public void A_port_that_is_taken_fails_the_start_with_the_reason()
    {
        using HostedNode first = new(_sockets, 1, 2);
        using HostedNode second = new(_sockets, 1, 2);
        first.Start();
        TransportException? failure = Assert.Throws<TransportException>(second.Start);
        Assert.That(failure!.Message, Does.Contain("FastForward.40001.sock"));
        Eventually.True(() => second.Loop.Completion.IsCompleted, () => "its loop still runs");
    }

    [Test]
    public void A_host_whose_other_services_fail_to_start_leaves_nothing_behind()
    {
        using (
            HostedNode a = new(
                _sockets,
                1,
                2,
                static builder =>
                {
                    builder.AddHandler<HostedHandler>();
                    builder.Services.AddHostedService<FailingService>();
                }
            )
        )
        {
            Assert.Throws<NotSupportedException>(a.Start);
        }

        Assert.That(_sockets.Files, Is.Empty);
    }

    [Test]
    public void Stopping_the_host_abandons_a_start_that_hangs()
    {
        using HangingActor.Gate gate = new();
        using HostedNode a = new(
            _sockets,
            1,
            2,
            builder =>
            {
                builder.Services.AddSingleton(gate);
                builder.AddActor<HangingActor>(5);
            }
        );
        using CancellationTokenSource given = new();
        Task start = a.App.StartAsync(given.Token);
        try
        {
            Eventually.True(() => gate.Reached.IsSet, () => "the actor is not started");
            given.Cancel();
            Assert.Catch<OperationCanceledException>(() => Eventually.Ends(start, "the start"));
        }
        finally
        {
            gate.Open.Set();
        }
    }

    [TestCase(LoopFaultAction.StopHost)]
    [TestCase(LoopFaultAction.Log)]
    public void A_loop_that_ends_by_an_exception_is_reported(LoopFaultAction action)
    {
        using HostedNode a = new(
            _sockets,
            1,
            2,
            builder =>
                builder
                    .AddHandler<HostedHandler>()
                    .ConfigureLoop(static loop => loop.FailFast = true)
                    .ConfigureService(service => service.OnLoopFault = action)
        );
        a.Start();
        a.Loop.Post(() => a.Node.Send(1, 7, MessageClass.Reliable, "fail"u8));
        Eventually.True(() => a.Log.Entries.Any(static entry => entry.Id == 1604), () => "not reported");
        if (action == LoopFaultAction.StopHost)
        {
            Eventually.Ends(
                a.App.WaitForShutdownAsync().ContinueWith(static _ => { }, TaskScheduler.Default),
                "the host"
            );
            Assert.That(Lifetime(a).ApplicationStopping.IsCancellationRequested);
        }
        else
        {
            Assert.That(Lifetime(a).ApplicationStopping.IsCancellationRequested, Is.False);
            Assert.That(Health(a).Status, Is.EqualTo(HealthStatus.Unhealthy));
            a.Stop();
        }

        Assert.That(_sockets.Files, Is.Empty, "what the loop left behind was taken down");
    }

    [Test]
    public void The_stop_of_the_host_fails_with_the_exception_of_the_loop()
    {
        using HostedNode a = new(
            _sockets,
            1,
            2,
            static builder => builder.AddHandler<HostedHandler>().ConfigureLoop(static loop => loop.FailFast = true)
        );
        a.Start();
        a.Loop.Post(() => a.Node.Send(1, 7, MessageClass.Reliable, "fail"u8));
        Eventually.True(() => a.Log.Entries.Any(static entry => entry.Id == 1604), () => "not reported");
        Exception? failure = Assert.Catch(a.Stop);
        Assert.That(failure!.GetBaseException().Message, Is.EqualTo("the handler fails as configured"));
    }

    [Test]
    public void A_container_that_is_disposed_synchronously_ends_its_client()
    {
        ServiceCollection services = new();
        services
            .AddFastForward(static node => node.Node = 1)
            .AddSocketTransport(socket =>
            {
                socket.Port = HostedNode.Port(1);
                socket.Directory = _sockets.Path;
            })
            .AddHandler<ForwardClient>();
        ServiceProvider provider = services.BuildServiceProvider();
        ForwardClient client = provider.GetRequiredService<ForwardClient>();
        Assert.That(provider.Dispose, Throws.Nothing);
        Assert.That(() => client.Receive(), Throws.InstanceOf<ObjectDisposedException>());
    }

    private static IHostApplicationLifetime Lifetime(HostedNode node) =>
        node.App.Services.GetRequiredService<IHostApplicationLifetime>();

    private static HealthReportEntry Health(HostedNode node)
    {
        Task<HealthReport> report = node.App.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync();
        Eventually.Ends(report, "the health check");
        return report.Result.Entries["fastforward"];
    }

    private sealed class EchoCounter : IActor
    {
        private int _messages;

        public string Name => "counter";

        public int Messages => Volatile.Read(ref _messages);

        public int Stops { get; private set; }

        public void OnMessage(in ReceivedMessage message) => _messages++;

        public void OnStop() => Stops++;
    }

    private sealed class HangingActor(HangingActor.Gate gate) : IActor
    {
        public string Name => "hanging";

        public void OnStart(ActorContext context)
        {
            gate.Reached.Set();
            gate.Open.Wait();
        }

        public void OnMessage(in ReceivedMessage message) { }

        public sealed class Gate : IDisposable
        {
            public ManualResetEventSlim Reached { get; } = new();

            public ManualResetEventSlim Open { get; } = new();

            public void Dispose()
            {
                Reached.Dispose();
                Open.Dispose();
            }
        }
    }

    /// <summary>A source as a user writes it: a snapshot that is replaced as a whole.</summary>
    private sealed class OwnRoutes : IRouteSource
    {
        public event Action? Changed;

        public string Name => "own routes";

        public RouteTable Table => RouteTable.Nodes;

        public IReadOnlyCollection<RouteRow> Rows
        {
            get;
            set
            {
                field = value;
                Changed?.Invoke();
            }
        } = [];
    }

    private sealed class FailingService : IHostedService
    {
        public Task StartAsync(CancellationToken cancellationToken) =>
            throw new NotSupportedException("this service does not start");

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}
