using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>Errors say what happened to the caller's own request, and name what the caller can change.</summary>
internal sealed class MessageTests
{
    [Test]
    public async Task A_refused_connection_names_host_and_port_as_they_were_given()
    {
        // Bound but not listening: nobody else can take the port, and connecting is refused.
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        TarantoolClientOptions options = new() { EndPoint = new DnsEndPoint("127.0.0.1", port) };
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync(options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.StartWith($"Cannot connect to 127.0.0.1:{port}:"));
    }

    [Test]
    public async Task A_unix_socket_that_is_not_there_is_called_so()
    {
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync("unix/:/tmp/there-is-no-such.sock")
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain("/tmp/there-is-no-such.sock: There is no such socket"));
    }

    [Test]
    public async Task A_full_backlog_names_the_option_that_bounds_it([Values(0, 1)] int maxBacklog)
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse("unix/:/tmp/there-is-no-such.sock");
        options.MaxBacklog = maxBacklog;
        await using TarantoolClient client = TarantoolClient.Create(options);
        Task[] waiting = [.. Enumerable.Range(0, maxBacklog).Select(_ => client.PingAsync().AsTask())];
        TarantoolConnectionException error = await client.PingAsync().AsTask().Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain(nameof(TarantoolClientOptions.MaxBacklog)));
        Assert.That(waiting, Has.All.Property(nameof(Task.IsCompleted)).False);
    }

    [Test]
    public async Task A_request_that_found_no_room_in_time_says_that_it_was_not_sent()
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
        options.MaxUnsentBytes = 64 * 1024;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        byte[] block = new byte[1 << 20];
        Task[] upserts = [.. Enumerable.Range(0, 20).Select(_ => client.UpsertAsync(512, [1, block], []).AsTask())];
        time.Advance(options.RequestTimeout + TimeSpan.FromSeconds(1));
        Assert.That((await upserts[0].Fails<TimeoutException>()).Message, Does.Contain("may still be executed"));
        Assert.That(
            (await upserts[^1].Fails<TimeoutException>()).Message,
            Does.Contain("was not sent").And.Contain(nameof(TarantoolClientOptions.MaxUnsentBytes))
        );
    }

    [Test]
    public async Task A_request_whose_lookup_was_not_answered_in_time_says_that_it_was_not_sent()
    {
        FakeTimeProvider time = new();
        TaskCompletionSource asked = new();
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.ReadAsync();
            asked.SetResult();
            await session.HangAsync();
        });
        TarantoolClientOptions options = server.Options;
        options.TimeProvider = time;
        options.ConnectTimeout = TimeSpan.FromDays(1);
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        Task replace = client.ReplaceAsync("cities", [1]).AsTask();
        await asked.Task.InTime();
        time.Advance(options.RequestTimeout + TimeSpan.FromSeconds(1));
        Assert.That((await replace.Fails<TimeoutException>()).Message, Does.Contain("was not sent"));
    }

    [Test]
    public async Task A_request_that_the_server_refused_is_a_failure_in_the_metrics_too()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.SendAsync(
                Frames.Error((await session.ReadAsync()).Sync, TarantoolErrorCodes.ProcLua, "mine")
            );
            await session.SendAsync(Frames.Done((await session.ReadAsync()).Sync));
            await session.HangAsync();
        });
        using EndingCounter endings = new();
        await using TarantoolClient client = await TarantoolClient
            .ConnectAsync(endings.Observe(server.Options))
            .InTime();
        await client.CallAsync("f").AsTask().Fails<TarantoolServerException>();
        await client.PingAsync().InTime();
        IEnumerable<object?> errors = endings
            .Tags.Select(tags => tags.GetValueOrDefault("error.type"))
            .Where(type => type is not null);
        Assert.That(errors, Is.EqualTo(new[] { $"{TarantoolErrorCodes.ProcLua}" }));
    }

    [Test]
    public async Task An_operation_that_is_null_is_refused_by_name()
    {
        await using FakeServer server = new(async session =>
        {
            await session.HandshakeAsync();
            await session.HangAsync();
        });
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(server.Options).InTime();
        ArgumentException error = await client.UpdateAsync(512, [1], [null!]).AsTask().Fails<ArgumentException>();
        Assert.That(error.ParamName, Is.EqualTo("operations"));
        error = await client.UpsertAsync(512, [1], [null!]).AsTask().Fails<ArgumentException>();
        Assert.That(error.ParamName, Is.EqualTo("operations"));
    }
}
