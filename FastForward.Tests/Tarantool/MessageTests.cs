using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;

namespace FastForward.Tests.Tarantool;

/// <summary>Error messages state what happened to the request and what the caller can change.</summary>
internal sealed class MessageTests
{
    [Test]
    public async Task A_refused_connection_is_reported_with_host_and_port_as_given()
    {
        // Bound but not listening: no other process can use the port, and connections are refused.
        using Socket socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)socket.LocalEndPoint!).Port;
        TarantoolClientOptions options = new() { EndPoints = [new DnsEndPoint("127.0.0.1", port)] };
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync(options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.StartWith($"Cannot connect to 127.0.0.1:{port}:"));
    }

    [Test]
    public async Task A_missing_unix_socket_is_reported()
    {
        TarantoolConnectionException error = await TarantoolClient
            .ConnectAsync("unix/:/tmp/there-is-no-such.sock")
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(error.Message, Does.Contain("/tmp/there-is-no-such.sock: There is no such socket"));
    }

    [Test]
    public async Task A_full_backlog_is_reported_with_the_option_that_limits_it([Values(0, 1)] int maxBacklog)
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
    public async Task A_request_that_times_out_before_sending_is_reported_as_not_sent()
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
    public async Task A_request_whose_lookup_times_out_is_reported_as_not_sent()
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
    public async Task An_error_response_counts_as_failure_in_the_metrics()
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
    public async Task A_null_operation_is_rejected_with_its_parameter_name()
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
