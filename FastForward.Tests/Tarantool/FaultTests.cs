using System.Buffers.Binary;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;
using Tarantool.Client.Connection;
using Tarantool.Client.Diagnostics;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Faults, produced by a scripted server.</summary>
internal sealed class FaultTests
{
    private static readonly byte[][] s_garbage =
    [
        [0xc1],
        "HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n"u8.ToArray(),
        [0xce, 0x7f, 0xff, 0xff, 0xff],
        [0x02, 0xc1, 0xc1],
        [0x03, 0x81, 0x01, 0x02],
        [0x06, 0x82, 0x00, 0xa1, 0x78, 0x01, 0x02],
        Frames.Make(5, 2, Frames.Map()),
        Frames.Done(999),
        Frames.Push(999, 1),
        [0x07, 0x82, 0x00, 0x00, 0x01, 0x03, 0x81, 0x30],
        [0x07, 0x82, 0x00, 0x00, 0x01, 0x03, 0x80, 0x80],
        [0x09, 0x82, 0x00, 0x4c, 0x01, 0x00, 0x81, 0x57, 0xc1, 0x00],
    ];

    [Test]
    public async Task Garbage_fails_the_connection_with_a_protocol_exception([Range(0, 11)] int index)
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.ReadAsync();
            await session.ReadAsync();
            await session.SendAsync(s_garbage[index]);
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.AutoReconnect = false;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Task first = client.PingAsync().AsTask(),
            second = client.PingAsync().AsTask();
        TarantoolProtocolException error = await first.Fails<TarantoolProtocolException>();
        Assert.That(error.MayHaveExecuted, Is.True);
        await second.Fails<TarantoolProtocolException>();
        await Limits.Until(() => client.State == TarantoolConnectionState.Closed, "the connection is closed");
    }

    [TestCase("SSH-2.0-OpenSSH_9.2", "did not greet")]
    [TestCase("Tarantool 2.11.0 (Lua console)", "not its binary protocol")]
    public async Task A_peer_that_is_not_a_Tarantool_server_is_reported(string line, string expected)
    {
        await using FakeServer server = new(async session =>
        {
            await session.SendAsync(Frames.MakeGreeting(line));
            await session.HangAsync();
        });
        TarantoolProtocolException error = await TarantoolClient
            .ConnectAsync(server.Options)
            .AsTask()
            .Fails<TarantoolProtocolException>();
        Assert.That(error.Message, Does.Contain(expected));
    }

    [Test]
    public async Task A_greeting_with_a_bad_salt_is_rejected()
    {
        byte[] greeting = [.. Frames.Greeting];
        greeting[70] = (byte)'!';
        await using FakeServer server = new(session => session.SendAsync(greeting));
        TarantoolProtocolException error = await TarantoolClient
            .ConnectAsync(server.Options)
            .AsTask()
            .Fails<TarantoolProtocolException>();
        Assert.That(error.Message, Does.Contain("base64"));
    }

    [Test]
    public async Task A_peer_that_closes_during_its_greeting_is_reported()
    {
        await using FakeServer server = new(session => session.SendAsync(Frames.Greeting[..100]));
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync(server.Options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain("100 of 128 bytes"));
    }

    [Test]
    public async Task A_peer_that_never_greets_runs_into_the_connect_timeout()
    {
        TaskCompletionSource accepted = new();
        await using FakeServer server = new(session =>
        {
            accepted.SetResult();
            return session.HangAsync();
        });
        FakeTimeProvider time = new();
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = time;
        Task connecting = TarantoolClient.ConnectAsync(options).AsTask();
        await accepted.Task.InTime();
        time.Advance(options.ConnectTimeout);
        TarantoolConnectionException error = await connecting.Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain("longer than 00:00:05: the server did not send its greeting"));
    }

    [Test]
    public async Task The_error_of_a_server_that_cannot_read_a_request_is_passed_on()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.ReadAsync();
            await session.SendAsync(Frames.Error(0, 20, "Invalid MsgPack - packet header"));
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        TarantoolConnectionException error = await client.PingAsync().AsTask().Fails<TarantoolConnectionException>();
        Assert.That(error.InnerException!.InnerException!.Message, Is.EqualTo("Invalid MsgPack - packet header"));
    }

    [Test]
    public async Task A_response_above_the_maximum_fails_and_names_the_option()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request request = await session.ReadAsync();
            await session.SendAsync(Frames.Ok(request.Sync, new byte[2000]));
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.MaxResponseSize = 1024;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        TarantoolProtocolException error = await client.CallAsync("f").AsTask().Fails<TarantoolProtocolException>();
        Assert.That(error.Message, Does.Contain(nameof(TarantoolClientOptions.MaxResponseSize)));
    }

    [Test]
    public async Task A_slow_server_may_send_byte_by_byte()
    {
        await using FakeServer server = new(async session =>
        {
            foreach (byte part in Frames.Greeting)
                await session.SendAsync([part]);
            FakeServer.Request id = await session.ReadAsync();
            foreach (byte part in Frames.Id(id.Sync))
                await session.SendAsync([part]);
            FakeServer.Request call = await session.ReadAsync();
            foreach (byte part in Frames.Ok(call.Sync, new string('x', 1000)))
                await session.SendAsync([part]);
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        Assert.That((await client.CallAsync("f").InTime())[0].AsString(), Has.Length.EqualTo(1000));
    }

    [Test]
    public async Task Responses_in_any_order_complete_their_requests()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            List<FakeServer.Request> requests = new();
            for (int i = 0; i < 100; i++)
                requests.Add(await session.ReadAsync());
            requests.Reverse();
            foreach (FakeServer.Request request in requests)
                await session.SendAsync(Frames.Ok(request.Sync, request.Body[(int)IprotoKey.Tuple].AsArray()[0]));
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        Task<TarantoolTuple>[] calls = [.. Enumerable.Range(0, 100).Select(i => client.CallAsync("f", [i]).AsTask())];
        for (int i = 0; i < calls.Length; i++)
            Assert.That((await calls[i].InTime())[0].AsInt32(), Is.EqualTo(i));
    }

    [Test]
    public async Task Cancelling_releases_the_caller_at_once_and_the_late_response_is_dropped()
    {
        TaskCompletionSource cancelled = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request slow = await session.ReadAsync();
            await cancelled.Task;
            FakeServer.Request next = await session.ReadAsync();
            await session.SendAsync(
                Frames.Push(slow.Sync, "late"),
                Frames.Ok(slow.Sync, "late"),
                Frames.Ok(next.Sync, "in time")
            );
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        using CancellationTokenSource source = new();
        Task slow = client.CallAsync("slow", cancellationToken: source.Token).AsTask();
        await source.CancelAsync();
        Task<OperationCanceledException?> error = Assert.CatchAsync<OperationCanceledException>(() => slow.InTime());
        Assert.That((await error)!.CancellationToken, Is.EqualTo(source.Token));
        cancelled.SetResult();
        Assert.That((await client.CallAsync("next").InTime())[0].AsString(), Is.EqualTo("in time"));

        Assert.That(
            async () => await client.PingAsync(source.Token).InTime(),
            Throws.InstanceOf<OperationCanceledException>(),
            "a token that is cancelled already sends nothing"
        );
    }

    [Test]
    public async Task A_request_times_out_and_the_late_response_is_dropped()
    {
        TaskCompletionSource timedOut = new();
        FakeTimeProvider time = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request slow = await session.ReadAsync();
            FakeServer.Request slower = await session.ReadAsync();
            await timedOut.Task;
            await session.SendAsync(Frames.Ok(slow.Sync, "late"), Frames.Ok(slower.Sync, "in time"));
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = time;
        options.ConnectTimeout = TimeSpan.FromDays(1);
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Task slow = client.CallAsync("slow").AsTask();
        Task<TarantoolTuple> slower = client
            .CallAsync("slower", options: new CallOptions { Timeout = options.RequestTimeout * 10 })
            .AsTask();
        time.Advance(options.RequestTimeout - TimeSpan.FromSeconds(1));
        Assert.That(slow.IsCompleted, Is.False);
        time.Advance(TimeSpan.FromSeconds(1.1));
        await slow.Fails<TimeoutException>();
        timedOut.SetResult();
        Assert.That((await slower.InTime())[0].AsString(), Is.EqualTo("in time"));
    }

    [Test]
    public async Task A_server_that_reads_nothing_makes_requests_wait_within_bounded_memory()
    {
        TaskCompletionSource read = new();
        int received = 0;
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await read.Task;
            while (true)
            {
                FakeServer.Request request = await session.ReadAsync();
                Interlocked.Increment(ref received);
                await session.SendAsync(Frames.Done(request.Sync));
            }
        });
        TarantoolClientOptions options = server.Options;
        options.MaxUnsentBytes = 64 * 1024;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        byte[] block = new byte[256 * 1024];
        Task[] upserts = [.. Enumerable.Range(0, 50).Select(_ => client.UpsertAsync(512, [1, block], []).AsTask())];
        using CancellationTokenSource source = new();
        Task waiting = client.PingAsync(source.Token).AsTask();
        await source.CancelAsync();
        Assert.That(async () => await waiting.InTime(), Throws.InstanceOf<OperationCanceledException>());
        read.SetResult();
        await Task.WhenAll(upserts).InTime();
        await client.PingAsync().InTime();
        Assert.That(received, Is.EqualTo(51), "the cancelled one was never sent");
    }

    [Test]
    public async Task Requests_that_wait_to_be_sent_fail_with_the_connection_and_were_not_executed()
    {
        TaskCompletionSource close = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await close.Task;
        });
        TarantoolClientOptions options = server.Options;
        options.MaxUnsentBytes = 64 * 1024;
        options.AutoReconnect = false;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        byte[] block = new byte[1 << 20];
        Task[] upserts = [.. Enumerable.Range(0, 50).Select(_ => client.UpsertAsync(512, [1, block], []).AsTask())];
        close.SetResult();
        TarantoolConnectionException first = await upserts[0].Fails<TarantoolConnectionException>();
        Assert.That(first.MayHaveExecuted, Is.True);
        foreach (Task upsert in upserts[2..])
            Assert.That((await upsert.Fails<TarantoolConnectionException>()).MayHaveExecuted, Is.False);
    }

    [Test]
    public async Task A_connection_lost_during_a_lookup_reports_the_request_as_not_executed()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request request = await session.ReadAsync();
            Assert.That(request.Body[(int)IprotoKey.SpaceId].AsInt32(), Is.EqualTo(281));
        });
        TarantoolClientOptions options = server.Options;
        options.AutoReconnect = false;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Task first = client.SelectAsync("space", []).AsTask(),
            second = client.SelectAsync("space", []).AsTask();
        Assert.That((await first.Fails<TarantoolConnectionException>()).MayHaveExecuted, Is.False);
        Assert.That((await second.Fails<TarantoolConnectionException>()).MayHaveExecuted, Is.False);
    }

    [Test]
    public async Task A_space_replaced_between_its_lookup_and_that_of_its_index_is_looked_up_again()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await AnswerAsync(281, ["moving"], 1, TarantoolTuple.Create(512, 1, "moving"));
            await AnswerAsync(289, [512, "by_name"], 2);
            await AnswerAsync(281, ["moving"], 2, TarantoolTuple.Create(513, 1, "moving"));
            await AnswerAsync(289, [513, "by_name"], 2, TarantoolTuple.Create(513, 7, "by_name"));
            await AnswerAsync(513, ["Wien"], 2, TarantoolTuple.Create("found"));

            // Once more, but now the schema has not changed: the index does not exist.
            await AnswerAsync(289, [513, "nowhere"], 2);
            await session.HangAsync();

            async Task AnswerAsync(int space, TarantoolTuple key, uint schemaVersion, params TarantoolValue[] rows)
            {
                FakeServer.Request request = await session.ReadAsync();
                Assert.That(request.Body[(int)IprotoKey.SpaceId].AsInt32(), Is.EqualTo(space));
                Assert.That(request.Body[(int)IprotoKey.Key].AsArray(), Is.EqualTo(key));
                await session.SendAsync(
                    Frames.Make(
                        ResponseType.Ok,
                        request.Sync,
                        Frames.Map((IprotoKey.Data, TarantoolTuple.Create(rows))),
                        schemaVersion
                    )
                );
            }
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        TarantoolTuple? found = await client.GetAsync("moving", ["Wien"], "by_name").InTime();
        Assert.That(found, Is.EqualTo(TarantoolTuple.Create("found")));
        await client.GetAsync("moving", [1], "nowhere").AsTask().Fails<TarantoolSchemaException>();
    }

    [Test]
    public async Task An_exception_while_writing_a_tuple_does_not_affect_other_requests()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            while (true)
            {
                FakeServer.Request request = await session.ReadAsync();
                Assert.That(request.Type, Is.EqualTo(RequestType.Ping));
                await session.SendAsync(Frames.Done(request.Sync));
            }
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        await client.ReplaceAsync(512, new Faulty()).AsTask().Fails<InvalidOperationException>();
        await client.PingAsync().InTime();
    }

    [Test]
    public async Task An_exception_while_reading_a_tuple_does_not_affect_other_requests()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            while (true)
            {
                FakeServer.Request request = await session.ReadAsync();
                await session.SendAsync(Frames.Ok(request.Sync, TarantoolTuple.Create(1)));
            }
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        await client.SelectAsync<Faulty>(512, []).AsTask().Fails<OverflowException>();
        Assert.That(client.State, Is.EqualTo(TarantoolConnectionState.Connected));
        await client.PingAsync().InTime();
    }

    [Test]
    public async Task Requests_that_waited_for_one_lookup_do_not_exceed_the_memory_for_what_is_unsent()
    {
        const int requests = 50;
        TaskCompletionSource started = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request lookup = await session.ReadAsync();
            await started.Task;
            await session.SendAsync(Frames.Ok(lookup.Sync, TarantoolTuple.Create(512, 1, "space")));
            while (true)
            {
                FakeServer.Request request = await session.ReadAsync();
                await session.SendAsync(Frames.Done(request.Sync));
            }
        });
        using EndingCounter endings = new();
        TarantoolClientOptions options = endings.Observe(server.Options);
        options.MaxUnsentBytes = 64 * 1024;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        byte[] block = new byte[1 << 20];
        Task[] upserts =
        [
            .. Enumerable.Range(0, requests).Select(_ => client.UpsertAsync("space", [1, block], []).AsTask()),
        ];
        started.SetResult();
        await Task.WhenAll(upserts).InTime();

        // Each thread may exceed the limit by one request, and some requests are sent but not answered yet.
        TestContext.Out.WriteLine($"{endings.MostInFlight} were in flight");
        Assert.That(endings.MostInFlight, Is.LessThan(requests / 2));
    }

    [Test]
    public async Task A_timeout_before_sending_reports_what_was_waited_for()
    {
        FakeTimeProvider time = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = time;
        options.ConnectTimeout = TimeSpan.FromDays(1);
        options.MaxUnsentBytes = 1024;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Task named = client.SelectAsync("space", []).AsTask();
        Task large = client.UpsertAsync(512, [1, new byte[1 << 22]], []).AsTask();
        Task waiting = client.PingAsync().AsTask();
        time.Advance(options.RequestTimeout + TimeSpan.FromSeconds(1));
        Assert.That(
            (await named.Fails<TimeoutException>()).Message,
            Does.Contain("not sent").And.Contain("space or index")
        );
        Assert.That(
            (await waiting.Fails<TimeoutException>()).Message,
            Does.Contain(nameof(TarantoolClientOptions.MaxUnsentBytes))
        );
        Assert.That(
            (await large.Fails<TimeoutException>()).Message,
            Does.Contain(nameof(TarantoolClientOptions.RequestTimeout))
        );
    }

    [Test]
    public async Task A_value_nested_too_deeply_affects_only_its_request()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            FakeServer.Request watch = await session.ReadAsync();
            Assert.That(watch.Type, Is.EqualTo(RequestType.Watch));
            while (true)
            {
                FakeServer.Request request = await session.ReadAsync();
                await session.SendAsync(
                    WithDepth(Frames.Event("key", "DEPTH")),
                    WithDepth(Frames.Push(request.Sync, "DEPTH")),
                    WithDepth(Frames.Ok(request.Sync, TarantoolTuple.Create(1, "Wien", 2, "DEPTH")))
                );
            }
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        await using IAsyncEnumerator<TarantoolValue> watch = client.WatchAsync("key").GetAsyncEnumerator();
        ValueTask<bool> never = watch.MoveNextAsync();
        List<TarantoolValue> pushed = new();
        CallOptions calls = new() { Push = new Receiver(pushed) };

        Assert.That(await client.SelectAsync<City>(512, []).InTime(), Is.EqualTo(new[] { new City(1, "Wien", 2) }));
        await client.SelectAsync(512, []).AsTask().Fails<TarantoolDataException>();
        await client.CallAsync("f", options: calls).AsTask().Fails<TarantoolDataException>();
        await client.SelectAsync<Faulty>(512, []).AsTask().Fails<OverflowException>();
        Assert.That(client.State, Is.EqualTo(TarantoolConnectionState.Connected));
        Assert.That(pushed, Is.Empty);
        await client.DisposeAsync().InTime();
        await never.AsTask().Fails<ObjectDisposedException>();
    }

    [Test]
    public async Task Nothing_is_written_after_a_failed_write()
    {
        using TarantoolMetrics metrics = new(null, TimeProvider.System);
        await using FailingStream stream = new();
        List<Exception> faults = new();
        await using OutputQueue output = new(stream, 1024, metrics, faults.Add);
        Assert.That(output.Append([1, 2, 3], writeHere: true), Is.Zero);
        Assert.That(faults, Has.Count.EqualTo(1));
        for (int i = 0; i < 3; i++)
            Assert.That(output.Append([4], writeHere: true), Is.EqualTo(long.MaxValue));
        Assert.That(stream.Writes, Is.EqualTo(1));
    }

    /// <summary>
    /// Replaces the last string by 200 nested lists, which the client's writer would reject.
    /// </summary>
    private static byte[] WithDepth(byte[] frame)
    {
        byte[] deep = [.. Enumerable.Repeat((byte)0x91, 200), 0x01];
        byte[] changed = [.. frame[..^6], .. deep];
        BinaryPrimitives.WriteUInt32BigEndian(changed.AsSpan(1), (uint)changed.Length - 5);
        return changed;
    }

    private sealed class Receiver(List<TarantoolValue> pushed) : IProgress<TarantoolValue>
    {
        public void Report(TarantoolValue value) => pushed.Add(value);
    }

    private sealed class FailingStream : MemoryStream
    {
        public int Writes { get; private set; }

        public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
        {
            Writes++;
            return ValueTask.FromException(new IOException("no buffer space"));
        }
    }

    private readonly struct Faulty : ITarantoolTuple<Faulty>
    {
        public static Faulty Read(ref TarantoolReader reader) => throw new OverflowException("mine");

        public void Write(ref TarantoolWriter writer)
        {
            writer.Write(1);
            throw new InvalidOperationException("mine");
        }
    }
}
