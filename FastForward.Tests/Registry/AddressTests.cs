using System.Net;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Registry;

/// <summary>Valid addresses of each medium, and the messages for invalid ones.</summary>
public sealed class AddressTests
{
    private const int Port = 54_000;

    private delegate bool Parser(string? text, int port, out EndPoint? endPoint, out string? problem);

    private static readonly Dictionary<TransportKind, Parser> s_parsers = new()
    {
        [TransportKind.Ip] = IpAddressText.TryParse,
        [TransportKind.Rdma] = RdmaEndPoint.TryParse,
        [TransportKind.VSocket] = VSocketEndPoint.TryParse,
        [TransportKind.Socket] = (string? text, int port, out EndPoint? endPoint, out string? problem) =>
            SocketAddressText.TryParse(text, port, "/tmp", out endPoint, out problem),
    };

    [TestCase("192.0.2.7", "192.0.2.7")]
    [TestCase("10.0.0.255", "10.0.0.255")]
    [TestCase("127.0.0.1", "127.0.0.1")]
    [TestCase("2001:db8::7", "2001:db8::7")]
    [TestCase("2001:DB8:0:0:0:0:0:7", "2001:db8::7")]
    [TestCase("::1", "::1")]
    [TestCase("::ffff:192.0.2.7", "192.0.2.7", Description = "the IPv6 socket is V6ONLY")]
    [TestCase("fe80::7%1", "fe80::7%1")]
    public void An_ip_literal_becomes_an_address(string text, string expected)
    {
        Assert.That(IpAddressText.TryParse(text, Port, out EndPoint? endPoint, out string? problem), Is.True, problem);
        Assert.That(endPoint, Is.InstanceOf<IPEndPoint>());
        Assert.That(((IPEndPoint)endPoint!).Address.ToString(), Is.EqualTo(expected));
        Assert.That(((IPEndPoint)endPoint).Port, Is.EqualTo(Port));
        Assert.That(problem, Is.Null);
    }

    [Test]
    public void A_zone_may_be_the_name_of_an_interface()
    {
        Assert.That(
            IpAddressText.TryParse("fe80::7%lo", Port, out EndPoint? endPoint, out string? problem),
            Is.True,
            problem
        );
        Assert.That(endPoint, Is.EqualTo(new LinkLocalEndPoint(IPAddress.Parse("fe80::7"), "lo", Port)));
        Assert.That(((LinkLocalEndPoint)endPoint!).Resolve()!.Address.ScopeId, Is.GreaterThan(0));
        Assert.That(endPoint.ToString(), Is.EqualTo($"[fe80::7%lo]:{Port}"));
        Assert.That(RouteAddress.NeedsKey(endPoint), Is.True);

        Assert.That(IpAddressText.TryParse("fe80::7%nosuchinterface", Port, out EndPoint? absent, out _), Is.True);
        Assert.That(((LinkLocalEndPoint)absent!).Resolve(), Is.Null);
    }

    [TestCase("node7.example.net")]
    [TestCase("node7.example.net.")]
    [TestCase("localhost")]
    [TestCase("a")]
    [TestCase("3com.example")]
    [TestCase("1.2.3.example")]
    [TestCase("0x10.example")]
    [TestCase("xn--bcher-kva.example")]
    [TestCase("NODE-7.EXAMPLE")]
    public void A_host_name_is_left_to_the_resolver(string text)
    {
        Assert.That(IpAddressText.TryParse(text, Port, out EndPoint? endPoint, out string? problem), Is.True, problem);
        Assert.That(endPoint, Is.EqualTo(new DnsEndPoint(text, Port)));
    }

    [Test]
    public void A_host_name_may_be_as_long_as_the_rules_allow()
    {
        string label = new('a', 63);
        string longest = $"{label}.{label}.{label}.{new string('b', 61)}";
        Assert.That(longest, Has.Length.EqualTo(253));
        Assert.That(HostName.IsValid(longest), Is.True);
        Assert.That(HostName.IsValid(longest + "."), Is.True);
        Assert.That(HostName.IsValid(longest + "b"), Is.False);
        Assert.That(HostName.IsValid(label + "a.example"), Is.False);
    }

    [TestCase(null, "is empty")]
    [TestCase("", "is empty")]
    [TestCase("10.0.0.999", "neither an IPv4 or IPv6 address nor a host name")]
    [TestCase("10.0.0", "neither")]
    [TestCase("1", "neither")]
    [TestCase("010.0.0.1", "neither")]
    [TestCase("10.0.0.1.2", "neither")]
    [TestCase("10.0.0.1.", "neither")]
    [TestCase("10..0.1", "neither")]
    [TestCase("0x7f.1", "GID")]
    [TestCase("0x7f000001", "GID")]
    [TestCase("0xfe8000000000000050800200008e4d39", "GID")]
    [TestCase(" 192.0.2.7", "neither")]
    [TestCase("192.0.2.7:54000", "brackets")]
    [TestCase("[2001:db8::7]", "brackets")]
    [TestCase("[2001:db8::7]:54000", "brackets")]
    [TestCase("2001:db8::/32", "prefix")]
    [TestCase("2001:db8::7::1", "not an IPv6 address")]
    [TestCase("2001:db8::7%1", "link-local")]
    [TestCase("fe80::7", "interface")]
    [TestCase("fe80::7%", "interface")]
    [TestCase("fe80::7%a-name-of-16-chrs", "interface")]
    [TestCase("fe80::7%eth 0", "interface")]
    [TestCase("fe80::7%0", "interface")]
    [TestCase("fe80::7%4294967296", "interface")]
    [TestCase("0.0.0.0", "not the address of a machine")]
    [TestCase("::ffff:0.0.0.0", "not the address of a machine")]
    [TestCase("224.0.0.1", "multicast")]
    [TestCase("255.255.255.255", "broadcast")]
    [TestCase("::", "unspecified")]
    [TestCase("ff02::1", "multicast")]
    [TestCase("-node.example", "neither")]
    [TestCase("node-.example", "neither")]
    [TestCase("node_7.example", "neither")]
    [TestCase("bücher.example", "neither")]
    [TestCase("node..example", "neither")]
    [TestCase(".", "neither")]
    [TestCase("node 7", "neither")]
    [TestCase("node\n7", "neither")]
    [TestCase("node\0", "neither")]
    public void A_bad_ip_address_is_explained(string? text, string reason)
    {
        Assert.That(IpAddressText.TryParse(text, Port, out EndPoint? endPoint, out string? problem), Is.False);
        Assert.That(endPoint, Is.Null);
        Assert.That(problem, Does.StartWith("address ").And.Contain(reason).And.Contain("write for example"));
    }

    [Test]
    public void The_message_for_a_bad_address_in_full()
    {
        IpAddressText.TryParse("10.0.0.999", Port, out _, out string? problem);
        Assert.That(
            problem,
            Is.EqualTo(
                "address \"10.0.0.999\" is neither an IPv4 or IPv6 address nor a host name; "
                    + "write for example 192.0.2.7, 2001:db8::7 or node7.example.net"
            )
        );
    }

    [TestCase("0xfe8000000000000050800200008e4d39", "rdma:0xfe8000000000000050800200008e4d39:54000")]
    [TestCase("0XFE8000000000000050800200008E4D39", "rdma:0xfe8000000000000050800200008e4d39:54000")]
    [TestCase("192.0.2.7", "rdma:192.0.2.7:54000")]
    [TestCase("2001:DB8::7", "rdma:[2001:db8::7]:54000")]
    [TestCase("node7.example.net", "rdma:node7.example.net:54000")]
    [TestCase("0x10.example", "rdma:0x10.example:54000")]
    public void An_rdma_address_is_a_gid_or_a_host(string text, string expected)
    {
        Assert.That(RdmaEndPoint.TryParse(text, Port, out EndPoint? endPoint, out string? problem), Is.True, problem);
        Assert.That(endPoint!.ToString(), Is.EqualTo(expected));
        Assert.That(
            ((RdmaEndPoint)endPoint).Host is null,
            Is.EqualTo(((RdmaEndPoint)endPoint).Gid.Length == RdmaEndPoint.GidLength)
        );
    }

    [Test]
    public void A_gid_is_kept_in_network_order()
    {
        RdmaEndPoint.TryParse("0xfe8000000000000050800200008e4d39", Port, out EndPoint? endPoint, out _);
        byte[] gid = [0xFE, 0x80, 0, 0, 0, 0, 0, 0, 0x50, 0x80, 0x02, 0, 0, 0x8E, 0x4D, 0x39];
        Assert.That(((RdmaEndPoint)endPoint!).Gid.ToArray(), Is.EqualTo(gid));
        Assert.That(((RdmaEndPoint)endPoint).Port, Is.EqualTo(Port));
        Assert.That(endPoint, Is.EqualTo(new RdmaEndPoint(gid, Port)));
        Assert.That(endPoint, Is.Not.EqualTo(new RdmaEndPoint(gid, Port + 1)));
    }

    [TestCase("", "0xfe80")]
    [TestCase("0x", "32 hexadecimal digits")]
    [TestCase("0xfe80", "32 hexadecimal digits")]
    [TestCase("0xfe8000000000000050800200008e4d3", "32 hexadecimal digits")]
    [TestCase("0xfe8000000000000050800200008e4d390", "32 hexadecimal digits")]
    [TestCase("0xfe8000000000000050800200008e4d3g", "32 hexadecimal digits")]
    [TestCase("0x00000000000000000000000000000000", "reserved")]
    [TestCase("0xff0000000000000050800200008e4d39", "multicast")]
    [TestCase("fe8000000000000050800200008e4d39:", "not an IPv6 address")]
    [TestCase("10.0.0.999", "neither")]
    public void A_bad_rdma_address_is_explained(string text, string reason)
    {
        Assert.That(RdmaEndPoint.TryParse(text, Port, out EndPoint? endPoint, out string? problem), Is.False);
        Assert.That(endPoint, Is.Null);
        Assert.That(problem, Does.StartWith("address ").And.Contain(reason).And.Contain("write for example"));
    }

    [TestCase("1", VSocketEndPoint.LocalCid)]
    [TestCase("2", VSocketEndPoint.HostCid)]
    [TestCase("3", 3u)]
    [TestCase("4294967294", 4294967294u)]
    public void A_vsock_address_is_a_context_id(string text, uint cid)
    {
        Assert.That(
            VSocketEndPoint.TryParse(text, Port, out EndPoint? endPoint, out string? problem),
            Is.True,
            problem
        );
        Assert.That(
            endPoint,
            Is.EqualTo(new VSocketEndPoint(cid, Port)).And.Not.EqualTo(new VSocketEndPoint(cid, Port - 1))
        );
        Assert.That(endPoint!.ToString(), Is.EqualTo($"vsock:{text}:54000"));
        Assert.That((int)endPoint.AddressFamily, Is.EqualTo(40));
    }

    [TestCase(null, "is empty")]
    [TestCase("", "is empty")]
    [TestCase("0", "hypervisor")]
    [TestCase("4294967295", "VMADDR_CID_ANY")]
    [TestCase("4294967296", "not a context id")]
    [TestCase("99999999999999999999", "not a context id")]
    [TestCase("-1", "not a context id")]
    [TestCase("+3", "not a context id")]
    [TestCase("03", "not a context id")]
    [TestCase("0x3", "not a context id")]
    [TestCase("3 ", "not a context id")]
    [TestCase("host", "not a context id")]
    public void A_bad_vsock_address_is_explained(string? text, string reason)
    {
        Assert.That(VSocketEndPoint.TryParse(text, Port, out EndPoint? endPoint, out string? problem), Is.False);
        Assert.That(endPoint, Is.Null);
        Assert.That(problem, Does.StartWith("address ").And.Contain(reason).And.Contain("write for example"));
    }

    [Test]
    public void A_socket_is_identified_by_its_port_alone([Values(null, "")] string? text)
    {
        Assert.That(
            SocketAddressText.TryParse(text, 25_011, "/run/ff", out EndPoint? endPoint, out string? problem),
            Is.True,
            problem
        );
        Assert.That(endPoint, Is.InstanceOf<UnixDomainSocketEndPoint>());
        Assert.That(endPoint!.ToString(), Is.EqualTo("/run/ff/FastForward.25011.sock"));
    }

    [TestCase("/tmp/FastForward.54000.sock")]
    [TestCase(" ")]
    public void A_bad_socket_address_is_explained(string text)
    {
        Assert.That(
            SocketAddressText.TryParse(text, Port, "/tmp", out EndPoint? endPoint, out string? problem),
            Is.False
        );
        Assert.That(endPoint, Is.Null);
        Assert.That(
            problem,
            Does.StartWith("address ").And.Contain("must be empty").And.Contain("write for example \"\"")
        );
    }

    [TestCase("tmp", "absolute")]
    [TestCase("", "absolute")]
    [TestCase("/a\0b", "NUL")]
    public void A_bad_socket_directory_is_explained(string directory, string reason)
    {
        Assert.That(SocketAddressText.TryParse("", Port, directory, out _, out string? problem), Is.False);
        Assert.That(problem, Does.Contain(reason).And.Contain("write for example"));
    }

    [Test]
    public void A_socket_path_may_be_as_long_as_a_socket_address()
    {
        string longest = "/" + new string('d', 106 - "/FastForward.65535.sock".Length);
        Assert.That(
            SocketAddressText.TryParse("", 65_535, longest, out EndPoint? endPoint, out string? problem),
            Is.True,
            problem
        );
        Assert.That(endPoint!.ToString(), Has.Length.EqualTo(107));
        Assert.That(SocketAddressText.TryParse("", 65_535, longest + "d", out _, out problem), Is.False);
        Assert.That(problem, Does.Contain("108 bytes"));
    }

    [Test]
    public void Every_medium_has_the_same_port_range([Values] TransportKind kind)
    {
        string address = kind switch
        {
            TransportKind.Socket => "",
            TransportKind.VSocket => "3",
            _ => "192.0.2.7",
        };
        foreach (int port in new[] { 1, 54_000, 65_535 })
            Assert.That(s_parsers[kind](address, port, out _, out string? problem), Is.True, problem);
        foreach (int port in new[] { 0, -1, 65_536, int.MinValue, int.MaxValue })
        {
            Assert.That(s_parsers[kind](address, port, out EndPoint? endPoint, out string? problem), Is.False);
            Assert.That(endPoint, Is.Null);
            Assert.That(
                problem,
                Does.StartWith($"port {port} ").And.Contain("1..65535").And.Contain("write for example")
            );
        }
    }

    [Test]
    public void End_point_constructors_reject_invalid_values()
    {
        Assert.Multiple(() =>
        {
            Assert.That(() => new VSocketEndPoint(3, 0), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new RdmaEndPoint("node7", 65_536), Throws.InstanceOf<ArgumentOutOfRangeException>());
            Assert.That(() => new RdmaEndPoint(string.Empty, Port), Throws.ArgumentException);
            Assert.That(() => new RdmaEndPoint(new byte[15], Port), Throws.ArgumentException);
        });
    }

    [Test]
    public void Rdma_host_names_compare_case_insensitively()
    {
        RdmaEndPoint lower = new("node7.example", Port);
        RdmaEndPoint upper = new("NODE7.example", Port);
        Assert.That(lower, Is.EqualTo(upper));
        Assert.That(lower.GetHashCode(), Is.EqualTo(upper.GetHashCode()));
    }

    [Test]
    public void Quoted_text_is_escaped_and_shortened_for_logs()
    {
        Assert.That(AddressText.Quote("a\nb\"c\u001b[31mü"), Is.EqualTo("\"a\\u000ab\\u0022c\\u001b[31m\\u00fc\""));
        Assert.That(
            AddressText.Quote(new string('x', 100_000)),
            Has.Length.LessThan(100).And.EndsWith("(100000 characters)")
        );
    }
}
