using System.Collections.Concurrent;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Servers since 2.10 announce their stop by the key box.shutdown; tested with the scripted server.</summary>
internal sealed class ShutdownTests
{
    [Test]
    public async Task Requests_in_flight_complete_while_new_ones_go_to_the_next_server()
    {
        TaskCompletionSource received = new(),
            answer = new(),
            closed = new();
        List<ulong> atStopping = [];
        await using FakeServer stopping = new(async session =>
        {
            session.SeesShutdownWatch = true;
            await session.HandshakeAsync();
            await ExpectShutdownWatchAsync(session);
            await session.SendAsync(Frames.Event("box.shutdown", TarantoolValue.Nil));
            List<FakeServer.Request> requests = [];
            for (int i = 0; i < 4; i++)
                requests.Add(await session.ReadAsync());
            Assert.That(
                requests.Count(request => request.Type == RequestType.Watch),
                Is.EqualTo(1),
                "the acknowledgement"
            );
            atStopping.AddRange(requests.Where(request => request.Type == RequestType.Ping).Select(ping => ping.Sync));
            received.SetResult();
            await session.SendAsync(Frames.Event("box.shutdown", true));
            await answer.Task;
            foreach (ulong sync in atStopping)
                await session.SendAsync(Frames.Done(sync));
            Assert.That(async () => await session.ReadAsync(), Throws.InstanceOf<IOException>());
            closed.SetResult();
        });
        await using FakeServer next = new(AnswerAllAsync);
        TarantoolClientOptions options = new() { EndPoints = [stopping.EndPoint, next.EndPoint] };
        using EndingCounter endings = new();
        CollectingLogger<TarantoolClient> logger = new();
        options.LoggerFactory = logger;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(endings.Observe(options)).InTime();
        ConcurrentQueue<TarantoolConnectionState> states = new();
        client.StateChanged += (_, change) => states.Enqueue(change.State);
        Task[] inFlight = [.. Enumerable.Range(0, 3).Select(_ => client.PingAsync().AsTask())];
        await received.Task.InTime();
        await Limits.Until(() => next.Connections == 1, "the next server is used");
        Task[] later = [.. Enumerable.Range(0, 10).Select(_ => client.PingAsync().AsTask())];
        foreach (Task task in later)
            await task.InTime();
        Assert.That(inFlight.Any(task => task.IsCompleted), Is.False);
        Assert.That(closed.Task.IsCompleted, Is.False, "the connection stays open for the requests in flight");
        answer.SetResult();
        foreach (Task task in inFlight)
            await task.InTime();
        await closed.Task.InTime();
        Assert.That(
            states,
            Is.EqualTo(new[] { TarantoolConnectionState.ShuttingDown, TarantoolConnectionState.Connected })
        );
        Assert.That(client.Server!.EndPoint, Is.EqualTo(next.EndPoint));
        Assert.That(endings.InFlight, Is.Zero);
        Assert.That(endings.Ended, Is.EqualTo(3 + 10 + 2), "each request and each of the two handshakes ended once");
        Assert.That(logger.TextsOf(6012).Single(), Does.Contain("has announced its stop"));
        Assert.That(logger.TextsOf(6001), Is.Empty, "it is no loss");
    }

    [Test]
    public async Task Requests_wait_while_the_only_server_restarts_and_none_is_lost()
    {
        TaskCompletionSource stopped = new();
        await using FakeServer server = new(async session =>
        {
            if (session.Number > 1)
            {
                await AnswerAllAsync(session);
                return;
            }

            await session.HandshakeAsync();
            await session.SendAsync(Frames.Event("box.shutdown", true));
            Assert.That(async () => await session.ReadAsync(), Throws.InstanceOf<IOException>(), "nothing is sent");
            stopped.SetResult();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        ConcurrentQueue<TarantoolStateChangedEventArgs> states = new();
        client.StateChanged += (_, change) => states.Enqueue(change);
        await stopped.Task.InTime();
        for (int i = 0; i < 10; i++)
            await client.PingAsync().InTime();
        Assert.That(server.Connections, Is.EqualTo(2));
        Assert.That(states.Last().State, Is.EqualTo(TarantoolConnectionState.Connected));
    }

    [Test]
    public async Task Without_reconnect_the_client_is_closed_after_the_requests_in_flight()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request ping = await session.ReadAsync();
            await session.SendAsync(Frames.Event("box.shutdown", true), Frames.Done(ping.Sync));
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.AutoReconnect = false;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        await client.PingAsync().InTime();
        await Limits.Until(() => client.State == TarantoolConnectionState.Closed, "the client is closed");
        TarantoolConnectionException error = await client.PingAsync().AsTask().Fails<TarantoolConnectionException>();
        Assert.That(error.InnerException!.Message, Does.Contain("has announced its stop"));
    }

    [Test]
    public async Task A_lookup_in_flight_completes_and_its_request_goes_to_the_next_server()
    {
        await using FakeServer stopping = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request lookup = await session.ReadAsync();
            Assert.That(lookup.Type, Is.EqualTo(RequestType.Select));
            await session.SendAsync(Frames.Event("box.shutdown", true));
            await session.SendAsync(Frames.Ok(lookup.Sync, TarantoolTuple.Create(600)));
            await session.HangAsync();
        });
        await using FakeServer next = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request lookup = await session.ReadAsync();
            await session.SendAsync(Frames.Ok(lookup.Sync, TarantoolTuple.Create(700)));
            FakeServer.Request request = await session.ReadAsync();
            Assert.That(request.Body[(int)IprotoKey.SpaceId].AsInt32(), Is.EqualTo(700));
            await session.SendAsync(Frames.Ok(request.Sync, TarantoolTuple.Create(1)));
            await session.HangAsync();
        });
        TarantoolClientOptions options = new() { EndPoints = [stopping.EndPoint, next.EndPoint] };
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        TarantoolTuple? tuple = await client.GetAsync("space", [1]).InTime();
        Assert.That(tuple![0].AsInt32(), Is.EqualTo(1));
    }

    [Test]
    public async Task Disposing_does_not_wait_for_requests_in_flight_at_a_stopping_server()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.ReadAsync();
            await session.SendAsync(Frames.Event("box.shutdown", true));
            await session.HangAsync();
        });
        TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        Task ping = client.PingAsync().AsTask();
        await Limits.Until(() => client.State != TarantoolConnectionState.Connected, "the stop is announced");
        await client.DisposeAsync().InTime();
        await ping.Fails<TarantoolConnectionException>();
    }

    private static async Task AnswerAllAsync(FakeServer.Session session)
    {
        await session.HandshakeAsync();
        while (true)
        {
            FakeServer.Request request = await session.ReadAsync();
            await session.SendAsync(Frames.Done(request.Sync));
        }
    }

    private static async Task ExpectShutdownWatchAsync(FakeServer.Session session)
    {
        FakeServer.Request request = await session.ReadAsync();
        Assert.That(request.Type, Is.EqualTo(RequestType.Watch));
        Assert.That(request.Body[(int)IprotoKey.EventKey].AsString(), Is.EqualTo("box.shutdown"));
    }
}
