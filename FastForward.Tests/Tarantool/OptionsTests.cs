using System.Net;
using System.Net.Sockets;
using System.Reflection;
using Microsoft.Extensions.Logging;
using Tarantool.Client;
using Tarantool.Client.Protocol;

namespace FastForward.Tests.Tarantool;

/// <summary>Addresses, options and other parts that need no server.</summary>
internal sealed class OptionsTests
{
    [TestCase("host", "host", 3301, null, null)]
    [TestCase("host:1234", "host", 1234, null, null)]
    [TestCase(" tarantool://host:1234/ ", "host", 1234, null, null)]
    [TestCase("user@host", "host", 3301, "user", null)]
    [TestCase("user:pass@host:1", "host", 1, "user", "pass")]
    [TestCase("us%40er:p%3A%2F%20w@host:1", "host", 1, "us@er", "p:/ w")]
    [TestCase("user:p@ss:word@host", "host", 3301, "user", "p@ss:word")]
    public void A_host_is_parsed(string address, string host, int port, string? user, string? password)
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse(address);
        Assert.That(options.EndPoints, Is.EqualTo(new EndPoint[] { new DnsEndPoint(host, port) }));
        Assert.That((options.UserName, options.Password), Is.EqualTo((user, password)));
        options.Validate();
    }

    [TestCase("127.0.0.1", "127.0.0.1:3301")]
    [TestCase("127.0.0.1:80", "127.0.0.1:80")]
    [TestCase("[::1]:80", "[::1]:80")]
    [TestCase("[::1]", "[::1]:3301")]
    public void An_ip_address_is_parsed(string address, string expected) =>
        Assert.That(
            TarantoolClientOptions.Parse(address).EndPoints,
            Is.EqualTo(new EndPoint[] { IPEndPoint.Parse(expected) })
        );

    [TestCase("[fe80::7%eth77]:80", "fe80::7%eth77")]
    [TestCase("[fe80::7%1]:80", "fe80::7%1")]
    public void The_interface_of_an_address_is_left_to_the_attempt(string address, string host) =>
        Assert.That(
            TarantoolClientOptions.Parse(address).EndPoints,
            Is.EqualTo(new EndPoint[] { new DnsEndPoint(host, 80) })
        );

    [TestCase("unix/:/run/t.sock", "/run/t.sock", null)]
    [TestCase("user:p@unix/:/run/a@b:c.sock", "/run/a@b:c.sock", "user")]
    public void A_unix_socket_is_parsed(string address, string path, string? user)
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse(address);
        Assert.That(options.EndPoints, Is.EqualTo(new EndPoint[] { new UnixDomainSocketEndPoint(path) }));
        Assert.That(options.UserName, Is.EqualTo(user));
    }

    [TestCase("user:p%2Cw@host1,host2:2,unix/:/run/a@b.sock")]
    [TestCase(" tarantool://user:p%2Cw@host1 , host2:2 , unix/:/run/a@b.sock ")]
    public void Several_addresses_share_user_and_password(string address)
    {
        TarantoolClientOptions options = TarantoolClientOptions.Parse(address);
        Assert.That(
            options.EndPoints,
            Is.EqualTo(
                new EndPoint[]
                {
                    new DnsEndPoint("host1", 3301),
                    new DnsEndPoint("host2", 2),
                    new UnixDomainSocketEndPoint("/run/a@b.sock"),
                }
            )
        );
        Assert.That((options.UserName, options.Password), Is.EqualTo(("user", "p,w")));
        options.Validate();
    }

    [TestCase("host1,user:secret@host2", "once, before the first one")]
    [TestCase("user:sec,ret@host", "%2C")]
    [TestCase("unix/:/run/a.sock,user:secret@host", "once, before the first one")]
    [TestCase("host1,,host2", "empty")]
    [TestCase("host1,", "empty")]
    [TestCase("host,host:3301", "twice")]
    [TestCase("host1,secret:0", "port")]
    public void A_bad_list_is_rejected_with_the_reason(string address, string reason)
    {
        FormatException? error = Assert.Throws<FormatException>(() => TarantoolClientOptions.Parse(address));
        Assert.That(error!.Message, Does.Contain(reason).And.Not.Contain("secret"));
    }

    [Test]
    public void A_path_that_is_too_long_is_rejected_without_the_path()
    {
        string address = "host,unix/:/secret" + new string('x', 108);
        FormatException? error = Assert.Throws<FormatException>(() => TarantoolClientOptions.Parse(address));
        Assert.That(error!.Message, Does.Contain("107").And.Not.Contain("secret"));
    }

    [TestCase("")]
    [TestCase("host:")]
    [TestCase("host:0")]
    [TestCase("host:65536")]
    [TestCase("host:3301x")]
    [TestCase(":3301")]
    [TestCase("ho st:3301")]
    [TestCase("@host")]
    [TestCase("unix/:")]
    [TestCase("secret:secret@host:port")]
    [TestCase("3301")]
    [TestCase("secret:secret@3301")]
    [TestCase("127.0.1:3301")]
    [TestCase("0x7f.0.0.1:3301")]
    [TestCase("127.0.0.010")]
    [TestCase("::1")]
    [TestCase("::1:3301")]
    [TestCase("fe80::1%1:3301")]
    public void A_bad_address_is_rejected_without_disclosing_secrets(string address)
    {
        FormatException? error = Assert.Throws<FormatException>(() => TarantoolClientOptions.Parse(address));
        Assert.That(error!.Message, Does.Not.Contain("secret"));
    }

    [Test]
    public void Invalid_options_are_reported_by_name()
    {
        AssertInvalid(nameof(TarantoolClientOptions.EndPoints), options => options.EndPoints = null!);
        AssertInvalid(
            nameof(TarantoolClientOptions.EndPoints),
            options => options.EndPoints = [new IPEndPoint(IPAddress.Loopback, 0)]
        );
        AssertInvalid(
            nameof(TarantoolClientOptions.EndPoints),
            options => options.EndPoints = [new DnsEndPoint("localhost", 0)]
        );
        AssertInvalid(nameof(TarantoolClientOptions.EndPoints), options => options.EndPoints = []);
        AssertInvalid(
            nameof(TarantoolClientOptions.EndPoints),
            options => options.EndPoints = [new DnsEndPoint("localhost", 1), new DnsEndPoint("localhost", 1)]
        );
        AssertInvalid(nameof(TarantoolClientOptions.UserName), options => options.UserName = "");
        AssertInvalid(nameof(TarantoolClientOptions.Password), options => options.Password = "x");
        AssertInvalid(nameof(TarantoolClientOptions.ConnectTimeout), options => options.ConnectTimeout = TimeSpan.Zero);
        AssertInvalid(
            nameof(TarantoolClientOptions.ConnectTimeout),
            options => options.ConnectTimeout = Timeout.InfiniteTimeSpan
        );
        AssertInvalid(
            nameof(TarantoolClientOptions.RequestTimeout),
            options => options.RequestTimeout = TimeSpan.FromSeconds(-2)
        );
        AssertInvalid(nameof(TarantoolClientOptions.KeepAlive), options => options.KeepAlive = TimeSpan.FromDays(25));
        AssertInvalid(
            nameof(TarantoolClientOptions.ReconnectMaxDelay),
            options => options.ReconnectMinDelay = TimeSpan.FromMinutes(1)
        );
        AssertInvalid(nameof(TarantoolClientOptions.MaxResponseSize), options => options.MaxResponseSize = 1);
        AssertInvalid(nameof(TarantoolClientOptions.MaxUnsentBytes), options => options.MaxUnsentBytes = 0);
        AssertInvalid(nameof(TarantoolClientOptions.MaxBacklog), options => options.MaxBacklog = -1);
        AssertInvalid(nameof(TarantoolClientOptions.TimeProvider), options => options.TimeProvider = null!);
    }

    [Test]
    public void The_scramble_matches_the_protocol()
    {
        // Expected value computed with Python's hashlib.
        byte[] salt = [.. Enumerable.Range(0, 20).Select(i => (byte)i)];
        Assert.That(
            Convert.ToHexStringLower(ChapSha1.Scramble(salt, "password")),
            Is.EqualTo("92e130e0eae336d8367689f0a0e779c0b59949d4")
        );
    }

    [Test]
    public void Event_ids_of_log_messages_are_unique_and_in_range()
    {
        int[] ids =
        [
            .. typeof(TarantoolClient)
                .Assembly.GetTypes()
                .SelectMany(type => type.GetMethods(BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic))
                .Select(method => method.GetCustomAttribute<LoggerMessageAttribute>())
                .OfType<LoggerMessageAttribute>()
                .Select(attribute => attribute.EventId),
        ];
        Assert.That(ids, Is.Not.Empty.And.Unique);
        Assert.That(ids, Has.All.InRange(6000, 6099));
    }

    [Test]
    public void A_char_becomes_a_string_and_a_byte_an_integer()
    {
        TarantoolTuple tuple = ['a', (byte)1, (short)2, (ushort)3, 4f];
        Assert.That(tuple, Is.EqualTo(TarantoolTuple.Create("a", 1, 2, 3, 4.0)));
    }

    private static void AssertInvalid(string name, Action<TarantoolClientOptions> change)
    {
        TarantoolClientOptions options = new() { EndPoints = [new IPEndPoint(IPAddress.Loopback, 3301)] };
        options.Validate();
        change(options);
        Assert.That(Assert.Throws<ArgumentException>(options.Validate)!.Message, Does.Contain(name));
    }
}
