using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Watching keys, which requires servers since 2.10; tested with the scripted server.</summary>
internal sealed class WatchTests
{
    [Test]
    public async Task Values_arrive_at_once_and_after_each_acknowledgement()
    {
        TaskCompletionSource unwatched = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            for (int i = 0; i < 5; i++)
            {
                await ExpectAsync(session, RequestType.Watch, "config");
                await session.SendAsync(Frames.Event("config", i == 0 ? TarantoolValue.Nil : i));
            }

            await ExpectAsync(session, RequestType.Watch, "config");
            await ExpectAsync(session, RequestType.Unwatch, "config");
            unwatched.SetResult();
            FakeServer.Request ping = await session.ReadAsync();

            // An event that was in flight when the client stopped watching is dropped and not acknowledged.
            await session.SendAsync(Frames.Event("config", "too late"), Frames.Done(ping.Sync));
            ping = await session.ReadAsync();
            Assert.That(ping.Type, Is.EqualTo(RequestType.Ping));
            await session.SendAsync(Frames.Done(ping.Sync));
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        TarantoolValue last = -1;
        await foreach (TarantoolValue value in client.WatchAsync("config"))
        {
            last = value;
            if (value == 4)
                break;
        }

        Assert.That(last, Is.EqualTo((TarantoolValue)4));
        await unwatched.Task.InTime();
        await client.PingAsync().InTime();
        await client.PingAsync().InTime();
    }

    [Test]
    public async Task A_new_connection_subscribes_again()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await ExpectAsync(session, RequestType.Watch, "key");
            await session.SendAsync(Frames.Event("key", session.Number));
            await ExpectAsync(session, RequestType.Watch, "key");
            if (session.Number > 1)
                await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        using CancellationTokenSource limit = new(Limits.Wait);
        await foreach (TarantoolValue value in client.WatchAsync("key", limit.Token))
        {
            if (value == 2)
                return;
        }

        Assert.Fail("The sequence of values ended.");
    }

    [Test]
    public async Task A_second_watcher_gets_the_newest_value_at_once()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await ExpectAsync(session, RequestType.Watch, "key");
            await session.SendAsync(Frames.Event("key", "newest"));
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        await using IAsyncEnumerator<TarantoolValue> first = client.WatchAsync("key").GetAsyncEnumerator();
        Assert.That(await first.MoveNextAsync().InTime(), Is.True);
        await using IAsyncEnumerator<TarantoolValue> second = client.WatchAsync("key").GetAsyncEnumerator();
        Assert.That(await second.MoveNextAsync().InTime(), Is.True);
        Assert.That(second.Current.AsString(), Is.EqualTo("newest"));
    }

    [Test]
    public async Task Events_of_a_server_that_does_not_read_are_acknowledged_once_when_it_does()
    {
        const int events = 2000;
        TaskCompletionSource full = new();
        TaskCompletionSource read = new();
        TaskCompletionSource all = new();
        List<RequestType> received = [];
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await ExpectAsync(session, RequestType.Watch, "key");
            await full.Task;
            for (int i = 0; i < events; i++)
                await session.SendAsync(Frames.Event("key", i));
            await read.Task;
            for (int i = 0; i < 4; i++)
            {
                FakeServer.Request request = await session.ReadAsync();
                received.Add(request.Type);
                if (request.Type != RequestType.Watch)
                    await session.SendAsync(Frames.Done(request.Sync));
            }

            all.SetResult();
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.MaxUnsentBytes = 1024;
        options.RequestTimeout = TimeSpan.FromHours(1);
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        await using IAsyncEnumerator<TarantoolValue> values = client.WatchAsync("key").GetAsyncEnumerator();
        ValueTask<bool> next = values.MoveNextAsync();
        Task large = client.UpsertAsync(512, [1, new byte[1 << 22]], []).AsTask();
        full.SetResult();
        while (await next.InTime() && values.Current != events - 1)
            next = values.MoveNextAsync();
        Task waiting = client.PingAsync().AsTask();
        read.SetResult();
        await large.InTime();
        await waiting.InTime();
        await client.PingAsync().InTime();
        await all.Task.InTime();
        Assert.That(
            received,
            Is.EquivalentTo(new[] { RequestType.Upsert, RequestType.Watch, RequestType.Ping, RequestType.Ping })
        );
    }

    [Test]
    public async Task A_slow_reader_gets_the_newest_value()
    {
        TaskCompletionSource sent = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            for (int i = 0; i <= 10; i++)
            {
                await ExpectAsync(session, RequestType.Watch, "key");
                await session.SendAsync(Frames.Event("key", i));
            }

            await ExpectAsync(session, RequestType.Watch, "key");
            sent.SetResult();
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        await using IAsyncEnumerator<TarantoolValue> values = client.WatchAsync("key").GetAsyncEnumerator();
        Assert.That(await values.MoveNextAsync().InTime(), Is.True);
        await sent.Task.InTime();
        if (values.Current != 10)
            Assert.That(await values.MoveNextAsync().InTime(), Is.True);
        Assert.That(values.Current, Is.EqualTo((TarantoolValue)10));
    }

    [Test]
    public async Task Disposing_the_client_and_cancelling_end_a_watch()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.HangAsync();
        });
        TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        using CancellationTokenSource source = new();
        Task cancelled = Drain(client, source.Token),
            disposed = Drain(client, CancellationToken.None);
        await source.CancelAsync();
        Assert.That(async () => await cancelled.InTime(), Throws.InstanceOf<OperationCanceledException>());
        await client.DisposeAsync().InTime();
        await disposed.Fails<ObjectDisposedException>();
        await Drain(client, CancellationToken.None).Fails<ObjectDisposedException>();
    }

    [Test]
    public async Task A_server_without_watchers_is_reported()
    {
        await using TarantoolServer server = await TarantoolServer.StartAsync();
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        if (client.Server!.SupportsWatch)
        {
            await using IAsyncEnumerator<TarantoolValue> values = client.WatchAsync("key").GetAsyncEnumerator();
            Assert.That(await values.MoveNextAsync().InTime(), Is.True);
            Assert.That(values.Current.IsNil, Is.True);
            await client.EvalAsync("box.broadcast('key', 'set')").InTime();
            Assert.That(await values.MoveNextAsync().InTime(), Is.True);
            Assert.That(values.Current.AsString(), Is.EqualTo("set"));
            return;
        }

        await using IAsyncEnumerator<TarantoolValue> open = client.WatchAsync("key").GetAsyncEnumerator();
        ValueTask<bool> first = open.MoveNextAsync();
        NotSupportedException error = await Drain(client, CancellationToken.None).Fails<NotSupportedException>();
        await first.AsTask().Fails<NotSupportedException>();
        Assert.That(error.Message, Does.Contain("2.10"));
        await client.PingAsync().InTime();
    }

    [Test]
    public async Task A_key_can_be_read_once()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync(watchOnce: true);
            FakeServer.Request request = await ExpectAsync(session, RequestType.WatchOnce, "set");
            await session.SendAsync(Frames.Ok(request.Sync, "value"));
            request = await ExpectAsync(session, RequestType.WatchOnce, "not set");
            await session.SendAsync(Frames.Ok(request.Sync));
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        Assert.That(client.Server!.SupportsWatchOnce, Is.True);
        Assert.That((await client.WatchOnceAsync("set").InTime()).AsString(), Is.EqualTo("value"));
        Assert.That((await client.WatchOnceAsync("not set").InTime()).IsNil, Is.True);
        Assert.That(() => client.WatchOnceAsync(""), Throws.ArgumentException);
    }

    [Test]
    public async Task Reading_a_key_while_disconnected_waits_for_the_server()
    {
        TaskCompletionSource start = new();
        await using FakeServer server = new(async session =>
        {
            await start.Task;
            await session.HandshakeAsync(watchOnce: true);
            FakeServer.Request request = await ExpectAsync(session, RequestType.WatchOnce, "key");
            await session.SendAsync(Frames.Ok(request.Sync, 7));
            await session.HangAsync();
        });
        await using TarantoolClient client = TarantoolClient.Create(server.Options);
        Task<TarantoolValue> value = client.WatchOnceAsync("key").AsTask();
        start.SetResult();
        Assert.That((await value.InTime()).AsInt32(), Is.EqualTo(7));
    }

    [Test]
    public async Task A_server_that_cannot_read_a_key_once_is_reported()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        NotSupportedException error = await client.WatchOnceAsync("key").AsTask().Fails<NotSupportedException>();
        Assert.That(error.Message, Does.Contain("2.11.0").And.Contain("requires 3.0"));
        await using TarantoolServer real = await TarantoolServer.StartAsync();
        await using TarantoolClient second = await TarantoolClient.ConnectAsync(real.Options).InTime();
        if (second.Server!.SupportsWatchOnce)
            Assert.That((await second.WatchOnceAsync("key").InTime()).IsNil, Is.True);
        else
            await second.WatchOnceAsync("key").AsTask().Fails<NotSupportedException>();
    }

    private static async Task Drain(TarantoolClient client, CancellationToken cancellationToken)
    {
        await foreach (TarantoolValue _ in client.WatchAsync("key", cancellationToken)) { }
    }

    private static async Task<FakeServer.Request> ExpectAsync(FakeServer.Session session, RequestType type, string key)
    {
        FakeServer.Request request = await session.ReadAsync();
        Assert.That((request.Type, request.Body[(int)IprotoKey.EventKey].AsString()), Is.EqualTo((type, key)));
        return request;
    }

    [Test]
    public async Task Each_watch_ends_with_a_connection_exception_if_the_client_may_not_reconnect()
    {
        TaskCompletionSource close = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await close.Task;
        });
        TarantoolClientOptions options = server.Options;
        options.AutoReconnect = false;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Task first = Drain(client, CancellationToken.None),
            second = Drain(client, CancellationToken.None);

        // The server never reads the request, so the loss is a socket error rather than end of stream.
        Task upsert = client.UpsertAsync(512, [1], []).AsTask();
        close.SetResult();
        await upsert.Fails<TarantoolConnectionException>();
        TarantoolConnectionException error = await first.Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain("may not reconnect"));
        Assert.That(await second.Fails<TarantoolConnectionException>(), Is.Not.SameAs(error));
        Assert.That(
            await Drain(client, CancellationToken.None).Fails<TarantoolConnectionException>(),
            Is.Not.SameAs(error)
        );
    }

    [Test]
    public async Task Watching_an_empty_key_throws_at_once()
    {
        await using FakeServer server = new(session => session.HandshakeAsync());
        await using TarantoolClient client = TarantoolClient.Create(server.Options);
        Assert.That(() => client.WatchAsync(""), Throws.ArgumentException);
    }
}
