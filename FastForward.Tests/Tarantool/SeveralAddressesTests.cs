using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.Time.Testing;
using Tarantool.Client;
using Tarantool.Client.Connection;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Host names with several addresses, of which some refuse or are silent.</summary>
internal sealed class SeveralAddressesTests
{
    private static readonly IPAddress s_server = IPAddress.Parse("127.0.0.1");
    private static readonly IPAddress s_other = IPAddress.Parse("127.0.0.77");

    [TestCase("::1", true)]
    [TestCase("::1", false)]
    [TestCase("127.0.0.77", true)]
    public async Task An_address_that_refuses_is_passed_over(string first, bool keepAlive)
    {
        await using FakeServer server = new(AnswerAsync, s_server);
        TarantoolClientOptions options = Named(server, IPAddress.Parse(first), s_server);
        if (!keepAlive)
            options.KeepAlive = Timeout.InfiniteTimeSpan;
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        await client.PingAsync().InTime();
    }

    [TestCase(true)]
    [TestCase(false)]
    public async Task A_silent_address_does_not_take_the_whole_timeout_and_is_not_tried_first_again(bool accepts)
    {
        await using FakeServer server = new(
            async session =>
            {
                await session.HandshakeAsync();
                if (session.Number == 1)
                    return; // the client connects again
                FakeServer.Request ping = await session.ReadAsync();
                await session.SendAsync(Frames.Done(ping.Sync));
                await session.HangAsync();
            },
            s_server
        );
        using SilentListener silent = new(new IPEndPoint(s_other, ((IPEndPoint)server.EndPoint).Port), accepts);
        TarantoolClientOptions options = Named(server, s_other, s_server);
        await using TarantoolClient client = await TarantoolClient.ConnectAsync(options).InTime();
        await Limits.Until(() => server.Connections == 2, "connected again");
        await client.PingAsync().InTime();
        Assert.That(silent.Pending(), Is.EqualTo(accepts ? 1 : 0));
    }

    [Test]
    public async Task The_reason_names_every_address_that_was_tried()
    {
        await using FakeServer server = new(AnswerAsync, s_server);
        IPAddress third = IPAddress.Parse("127.0.0.78");
        TarantoolConnectionException refused = await TarantoolClient
            .ConnectAsync(Named(server, s_other, third))
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(refused.Message, Does.Contain("127.0.0.77: Connection refused, 127.0.0.78: Connection refused"));

        using SilentListener silent = new(new IPEndPoint(s_other, ((IPEndPoint)server.EndPoint).Port), accepts: true);
        TarantoolClientOptions options = Named(server, third, s_other);
        FakeTimeProvider time = new();
        options.TimeProvider = time;
        Task connecting = TarantoolClient.ConnectAsync(options).AsTask();
        await Limits.Until(() => silent.Pending() == 1, "the second address is tried");
        time.Advance(options.ConnectTimeout);
        TarantoolConnectionException late = await connecting.Fails<TarantoolConnectionException>();
        Assert.That(late.Message, Does.Contain("127.0.0.78: Connection refused, 127.0.0.77: no answer"));
        Assert.That(late.Message, Does.Contain("no address accepted the connection and greeted"));
    }

    [Test]
    public async Task An_address_that_greets_and_hangs_comes_last_the_next_time()
    {
        await using FakeServer server = new(session => session.HandshakeAsync(), s_server);
        TaskCompletionSource asked = new();
        await using FakeServer hung = new(
            async session =>
            {
                await session.SendAsync(Frames.Greeting);
                Assert.That((await session.ReadAsync()).Type, Is.EqualTo(RequestType.Id));
                asked.SetResult();
                await session.HangAsync();
            },
            s_other,
            ((IPEndPoint)server.EndPoint).Port
        );
        TarantoolClientOptions options = Named(server, s_other, s_server);
        FakeTimeProvider time = new();
        options.TimeProvider = time;
        using ClientContext context = new(options);
        Connector connector = new(context, options.EndPoints[0], new WatchRegistry());
        Task first = connector.ConnectAsync(default).AsTask();
        await asked.Task.InTime();
        time.Advance(options.ConnectTimeout);
        Assert.That(
            (await first.Fails<TarantoolConnectionException>()).Message,
            Does.Contain("did not answer the ID request after its greeting (tried 127.0.0.77: greeted")
        );
        for (int i = 0; i < 2; i++)
            await (await connector.ConnectAsync(default).InTime()).DisposeAsync();
        Assert.That((server.Connections, hung.Connections), Is.EqualTo((2, 1)));
    }

    [Test]
    public async Task A_missing_interface_is_a_reason_and_a_name_without_addresses_too()
    {
        await using FakeServer server = new(AnswerAsync, s_server);
        TarantoolClientOptions options = TarantoolClientOptions.Parse("[fe80::7%eth77]:3301");
        Assert.That(
            (await TarantoolClient.ConnectAsync(options).AsTask().Fails<TarantoolConnectionException>()).Message,
            Does.Contain("no network interface eth77")
        );
        Assert.That(
            (await TarantoolClient.ConnectAsync(Named(server)).AsTask().Fails<TarantoolConnectionException>()).Message,
            Does.Contain("no address")
        );
    }

    [Test]
    public void Addresses_alternate_between_the_families_after_the_one_that_worked()
    {
        IPAddress[] given = [.. new[] { "::1", "::2", "::3", "10.0.0.1", "10.0.0.2" }.Select(IPAddress.Parse)];
        Assert.That(Sorted(null), Is.EqualTo("::1 10.0.0.1 ::2 10.0.0.2 ::3"));
        Assert.That(Sorted("10.0.0.2"), Is.EqualTo("10.0.0.2 ::1 10.0.0.1 ::2 ::3"));
        Assert.That(Sorted(null, "10.0.0.1", "::1"), Is.EqualTo("::2 10.0.0.2 ::3 10.0.0.1 ::1"));
        Assert.That(Sorted("10.0.0.9"), Is.EqualTo("::1 10.0.0.1 ::2 10.0.0.2 ::3"));

        string Sorted(string? good, params string[] failed) =>
            string.Join(
                ' ',
                AddressOrder
                    .Sort(given, good is null ? null : IPAddress.Parse(good), [.. failed.Select(IPAddress.Parse)])
                    .AsEnumerable()
            );
    }

    private static TarantoolClientOptions Named(FakeServer server, params IPAddress[] addresses) =>
        new()
        {
            EndPoints = [new DnsEndPoint("db.example", ((IPEndPoint)server.EndPoint).Port)],
            Resolve = (_, _) => Task.FromResult(addresses),
            ConnectTimeout = TimeSpan.FromHours(1),
            RequestTimeout = TimeSpan.FromHours(1),
        };

    private static async Task AnswerAsync(FakeServer.Session session)
    {
        await session.HandshakeAsync();
        FakeServer.Request ping = await session.ReadAsync();
        await session.SendAsync(Frames.Done(ping.Sync));
        await session.HangAsync();
    }

    /// <summary>A port that accepts and sends nothing, or whose queue is full, so that SYNs are dropped.</summary>
    private sealed class SilentListener : IDisposable
    {
        private readonly Socket _listener = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        private readonly List<Socket> _fill = [];

        public SilentListener(IPEndPoint endPoint, bool accepts)
        {
            _listener.Bind(endPoint);
            _listener.Listen(accepts ? 10 : 0);
            if (accepts)
                return;
            Socket only = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            _fill.Add(only);
            only.Connect(endPoint);
        }

        /// <summary>Accepts and counts the connections, except the one that fills the queue.</summary>
        public int Pending()
        {
            int count = -_fill.Count;
            while (_listener.Poll(0, SelectMode.SelectRead))
            {
                _fill.Add(_listener.Accept());
                count++;
            }

            return count;
        }

        public void Dispose()
        {
            _listener.Dispose();
            foreach (Socket socket in _fill)
                socket.Dispose();
        }
    }
}
