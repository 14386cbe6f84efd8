using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;
using Tarantool.Client.Connection;

namespace FastForward.Tests.Tarantool;

/// <summary>Behaviour of requests and of the client without a connection.</summary>
internal sealed class ReconnectTests
{
    [Test]
    public async Task A_lost_connection_is_reported_and_reopened()
    {
        await using TarantoolServer server = await TarantoolServer.StartAsync();
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        ConcurrentQueue<TarantoolStateChangedEventArgs> states = new();
        client.StateChanged += (_, change) => states.Enqueue(change);
        client.StateChanged += (_, _) => throw new InvalidOperationException("a handler that fails");

        await server.KillAsync();
        await Limits.Until(() => client.State == TarantoolConnectionState.Disconnected, "the loss is detected");
        ValueTask<TarantoolTuple> waiting = client.EvalAsync("return 1");
        await server.RunAsync();
        Assert.That((await waiting.InTime())[0].AsInt32(), Is.EqualTo(1), "requests in the backlog are sent");

        await client.DisposeAsync().InTime();
        Assert.That(
            states.Select(change => change.State),
            Is.EqualTo(
                new[]
                {
                    TarantoolConnectionState.Disconnected,
                    TarantoolConnectionState.Connected,
                    TarantoolConnectionState.Closed,
                }
            )
        );
        Assert.That(states.First().Reason, Is.InstanceOf<TarantoolConnectionException>().Or.InstanceOf<IOException>());
        Assert.That(states.Last().Reason, Is.Null);
    }

    [Test]
    public async Task A_client_may_start_before_its_server()
    {
        await using TarantoolServer server = await TarantoolServer.StartAsync();
        TarantoolClientOptions options = server.Options;
        await server.KillAsync();
        await using TarantoolClient client = TarantoolClient.Create(options);
        ValueTask waiting = client.PingAsync();
        Assert.That(client.State, Is.EqualTo(TarantoolConnectionState.Disconnected));
        Assert.That(client.Server, Is.Null);
        await server.RunAsync();
        await waiting.InTime();
    }

    [Test]
    public async Task The_backlog_is_limited_and_its_requests_time_out()
    {
        FakeTimeProvider time = new();
        TarantoolClientOptions options = TarantoolClientOptions.Parse("unix/:/tmp/there-is-no-such.sock");
        options.TimeProvider = time;
        options.MaxBacklog = 3;
        await using TarantoolClient client = TarantoolClient.Create(options);
        Task[] waiting = [.. Enumerable.Range(0, 3).Select(_ => client.PingAsync().AsTask())];
        TarantoolConnectionException error = await client.PingAsync().AsTask().Fails<TarantoolConnectionException>();
        Assert.That(error.MayHaveExecuted, Is.False);
        Assert.That(error.Message, Does.Contain("3 requests wait"));

        time.Advance(options.RequestTimeout);
        foreach (Task task in waiting)
            await task.Fails<TimeoutException>();

        using CancellationTokenSource cancelled = new();
        Task last = client.PingAsync(cancelled.Token).AsTask();
        await cancelled.CancelAsync();
        Assert.That(async () => await last.InTime(), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task Without_a_backlog_requests_fail_at_once()
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse("unix/:/tmp/there-is-no-such.sock");
        options.MaxBacklog = 0;
        await using TarantoolClient client = TarantoolClient.Create(options);
        TarantoolConnectionException error = await client.PingAsync().AsTask().Fails<TarantoolConnectionException>();
        Assert.That(error.MayHaveExecuted, Is.False);
    }

    [Test]
    public async Task Without_reconnect_the_client_is_closed_with_its_connection()
    {
        await using FakeServer server = new(session => session.HandshakeAsync());
        TarantoolClientOptions options = server.Options;
        options.AutoReconnect = false;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        await Limits.Until(() => client.State == TarantoolConnectionState.Closed, "the client is closed");
        await client.PingAsync().AsTask().Fails<TarantoolConnectionException>();
    }

    [Test]
    public async Task Disposing_fails_requests_in_flight_and_later_ones()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.HangAsync();
        });
        TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        Task[] inFlight = [.. Enumerable.Range(0, 100).Select(_ => client.PingAsync().AsTask())];
        await client.DisposeAsync().InTime();
        foreach (Task task in inFlight)
            await task.Fails<TarantoolConnectionException>();
        await client.PingAsync().AsTask().Fails<ObjectDisposedException>();
        await client.DisposeAsync().InTime();
    }

    [Test]
    public async Task Disposing_ends_a_client_that_never_connected()
    {
        TarantoolClient client = TarantoolClient.Create(
            TarantoolClientOptions.Parse("unix/:/tmp/there-is-no-such.sock")
        );
        Task waiting = client.PingAsync().AsTask();
        await client.DisposeAsync().InTime();
        await waiting.Fails<TarantoolConnectionException>();
        Assert.That(client.State, Is.EqualTo(TarantoolConnectionState.Closed));
    }

    [Test]
    public async Task Reconnect_delays_grow_if_the_server_drops_each_connection()
    {
        FakeTimeProvider time = new();
        int connections = 0;
        TaskCompletionSource listening = new();
        await using FakeServer server = new(async session =>
        {
            Interlocked.Increment(ref connections);
            await listening.Task;
            await session.HandshakeAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = time;
        options.ConnectTimeout = TimeSpan.FromDays(1);
        SemaphoreSlim losses = new(0);
        await using TarantoolClient client = TarantoolClient.Create(options);
        client.StateChanged += (_, change) =>
        {
            if (change.State == TarantoolConnectionState.Disconnected)
                losses.Release();
        };
        listening.SetResult();
        for (int i = 1; i <= 5; i++)
        {
            Assert.That(await losses.WaitAsync(Limits.Wait), Is.True);
            Assert.That(Volatile.Read(ref connections), Is.EqualTo(i), "no attempt without a pause");

            // The next attempt needs at least half of the doubled delay, and at most all of it.
            time.Advance(options.ReconnectMinDelay * Math.Pow(2, i - 1) * 0.49);
            Assert.That(Volatile.Read(ref connections), Is.EqualTo(i));
            await Limits.Until(
                () =>
                {
                    time.Advance(options.ReconnectMinDelay * Math.Pow(2, i - 1) * 0.51);
                    return Volatile.Read(ref connections) > i;
                },
                "the next attempt is made"
            );
        }
    }

    [Test]
    public void Delays_double_up_to_the_longest_with_jitter_of_up_to_one_half()
    {
        TimeSpan shortest = TimeSpan.FromMilliseconds(100),
            longest = TimeSpan.FromSeconds(10);
        Assert.That(
            Enumerable.Range(0, 9).Select(i => ReconnectDelay.Next(shortest, longest, i, 0).TotalMilliseconds),
            Is.EqualTo(new double[] { 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000 })
        );
        Assert.That(ReconnectDelay.Next(shortest, longest, 0, 1).TotalMilliseconds, Is.EqualTo(50));
        Assert.That(ReconnectDelay.Next(shortest, longest, int.MaxValue, 0.5).TotalMilliseconds, Is.EqualTo(7500));
    }

    [Test]
    public async Task Cancelling_the_first_attempt_throws_with_the_callers_token()
    {
        TaskCompletionSource accepted = new();
        await using FakeServer server = new(session =>
        {
            accepted.SetResult();
            return session.HangAsync();
        });
        using CancellationTokenSource source = new();
        Task connecting = TarantoolClient.ConnectAsync(server.Options, source.Token).AsTask();
        await accepted.Task.InTime();
        await source.CancelAsync();
        Assert.That((await connecting.Fails<OperationCanceledException>()).CancellationToken, Is.EqualTo(source.Token));
    }

    [Test]
    public async Task A_host_is_reported_as_given()
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse("localhost:1");
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync(options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.StartWith("Cannot connect to localhost:1: "));
    }

    [Test]
    public void A_lost_peer_is_detected_as_fast_with_requests_in_flight_as_when_idle()
    {
        using Socket socket = new(SocketType.Stream, ProtocolType.Tcp);
        Connector.SetKeepAlive(socket, TimeSpan.FromSeconds(30));
        byte[] value = new byte[sizeof(int)];
        const int tcp = 6,
            userTimeout = 18;
        socket.GetRawSocketOption(tcp, userTimeout, value);
        Assert.That(BitConverter.ToInt32(value), Is.EqualTo(45_000));
    }

    [Test]
    public void The_connection_does_not_capture_the_callers_execution_context()
    {
        AsyncLocal<string> local = new() { Value = "the caller's" };
        ContextRecorder time = new(local);
        using ClientContext context = new(
            new TarantoolClientOptions { EndPoints = [new IPEndPoint(IPAddress.Loopback, 1)] }
        );
        using RequestTable table = new(time, context.Metrics);
        Assert.That(time.Captured, Is.EqualTo(new string?[] { null }));
    }

    /// <summary>Records the value of an async local that each timer captures.</summary>
    private sealed class ContextRecorder(AsyncLocal<string> local) : TimeProvider
    {
        public List<string?> Captured { get; } = [];

        public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
        {
            Captured.Add(ExecutionContext.IsFlowSuppressed() ? null : local.Value);
            return base.CreateTimer(callback, state, dueTime, period);
        }
    }
}
