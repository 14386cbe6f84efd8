using System.Net;
using System.Net.Sockets;
using Tarantool.Client;
using Tarantool.Client.Connection;

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
        options.ConnectTimeout = TimeSpan.FromHours(1);
        options.RequestTimeout = TimeSpan.FromHours(1);
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
        TarantoolClientOptions options = Named(server, s_other, third);
        options.ConnectTimeout = TimeSpan.FromSeconds(1);
        TarantoolConnectionException late = await TarantoolClient
            .ConnectAsync(options)
            .AsTask()
            .Fails<TarantoolConnectionException>();
        Assert.That(late.Message, Does.Contain("127.0.0.77: no answer, 127.0.0.78: Connection refused"));
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
        Assert.That(Sorted("10.0.0.9"), Is.EqualTo("::1 10.0.0.1 ::2 10.0.0.2 ::3"));

        string Sorted(string? good) =>
            string.Join(' ', AddressOrder.Sort(given, good is null ? null : IPAddress.Parse(good)).AsEnumerable());
    }

    private static TarantoolClientOptions Named(FakeServer server, params IPAddress[] addresses) =>
        new()
        {
            EndPoint = new DnsEndPoint("db.example", ((IPEndPoint)server.EndPoint).Port),
            Resolve = (_, _) => Task.FromResult(addresses),
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
