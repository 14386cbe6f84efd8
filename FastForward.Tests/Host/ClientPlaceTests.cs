using System.Net;
using FastForward.Host.Actors;
using FastForward.Transport.Interop;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Host;

/// <summary>Who makes room for whom when a bridge or an outlet is full.</summary>
public sealed class ClientPlaceTests
{
    private const int Places = 1000;

    [Test]
    public void An_established_client_stays_while_there_are_hosts_with_newcomers_only()
    {
        BridgeClients clients = new(Places);
        BridgeClient honest = Admit(clients, "10.1.0.1", 0)!;
        clients.Establish(honest);
        for (int i = 1; i < Places; i++)
            Admit(clients, $"10.2.{i / 250}.{i % 250}", 0);
        for (int i = 0; i < Places; i++)
            Assert.That(Admit(clients, $"10.3.{i / 250}.{i % 250}", 0), Is.Not.Null);
        Assert.That(clients.All, Has.Member(honest), "though it is the least recently used one");
        Assert.That(Admit(clients, "10.4.0.1", 0), Is.Null, "as many as there are places within a second");
        Assert.That(Admit(clients, "10.4.0.1", 1), Is.Not.Null);
    }

    [Test]
    public void A_second_client_of_an_established_host_takes_the_place_of_a_newcomer()
    {
        BridgeClients clients = new(100);
        BridgeClient first = Admit(clients, "10.1.0.1", 0)!;
        clients.Establish(first);
        for (int i = 1; i < 100; i++)
            Admit(clients, $"10.2.0.{i}", 0);
        Assert.That(Admit(clients, "10.1.0.1", 0, port: 2), Is.Not.Null);
        Assert.That(clients.All, Has.Member(first));
    }

    [Test]
    public void Hosts_that_displaced_many_leave_a_part_to_others()
    {
        BridgeClients clients = new(100);
        for (int i = 0; i < 100; i++)
            Admit(clients, "10.1.0.1", 0, port: i + 1);
        int[] displaced = new int[5];
        for (int host = 0; host < displaced.Length; host++)
        {
            for (int i = 0; i < 200; i++)
                displaced[host] += Admit(clients, $"10.2.0.{host}", 0, port: i + 1) is null ? 0 : 1;
        }

        Assert.That(displaced.Sum(), Is.InRange(50, 100));
        Assert.That(displaced, Has.All.Positive);
        for (int i = 0; i < 25; i++)
            Assert.That(Admit(clients, $"10.3.0.{i}", 0), Is.Not.Null, "the last quarter");
    }

    [TestCase("2001:db8::1", "2001:db8::ffff:1", true)]
    [TestCase("2001:db8::1", "2001:db8:0:1::1", false)]
    [TestCase("fe80::1%1", "fe80::2%1", false)]
    [TestCase("::1", "::2", false)]
    [TestCase("10.0.0.1", "10.0.0.2", false)]
    [TestCase("::ffff:10.0.0.1", "10.0.0.1", true)]
    public void A_host_is_an_IPv4_address_or_an_IPv6_network(string one, string other, bool isSame)
    {
        UdpAddress first = new(new IPEndPoint(IPAddress.Parse(one), 1)),
            second = new(new IPEndPoint(IPAddress.Parse(other), 2));
        Assert.That(first.Host == second.Host, Is.EqualTo(isSame));
        Assert.That(first.Host.IsLoopback, Is.EqualTo(first.IsLoopback));
    }

    [Test]
    public void A_flood_from_a_node_takes_no_socket_of_another_node()
    {
        OutletClients clients = new(100);
        List<OutletClient> honest = [.. Enumerable.Range(0, 10).Select(i => Serve(clients, 1, (ulong)i, 0)!)];
        int served = 0;
        for (int i = 0; i < 1000; i++)
            served += Serve(clients, 2, (ulong)i, 0) is null ? 0 : 1;
        Assert.That(honest.All(client => clients.TryFind(1, client.Stream, out _)));
        Assert.That(served, Is.EqualTo(90 + 50), "free places, and the node's half of a second's displacements");
        Assert.That(Serve(clients, 1, 10, 0), Is.Not.Null, "the node with the most gives up one");
        Assert.That(honest.All(client => clients.TryFind(1, client.Stream, out _)));
        Assert.That(Serve(clients, 2, 1000, 1), Is.Not.Null, "the next second");
        Assert.That(clients.Count, Is.EqualTo(100));
    }

    [Test]
    public void A_client_whose_datagrams_arrive_over_several_interfaces_is_one()
    {
        Assert.That(From("10.0.0.9", "10.0.0.1", 2), Is.EqualTo(From("10.0.0.9", "10.0.0.1", 3)));
        Assert.That(From("2001:db8::9", "2001:db8::1", 2), Is.EqualTo(From("2001:db8::9", "2001:db8::1", 3)));
        Assert.That(From("10.0.0.9", "10.0.0.1", 2), Is.Not.EqualTo(From("10.0.0.9", "10.0.0.2", 2)));
        Assert.That(From("10.0.0.9", "169.254.0.1", 2), Is.Not.EqualTo(From("10.0.0.9", "169.254.0.1", 3)));
        Assert.That(From("2001:db8::9", "fe80::1", 2), Is.Not.EqualTo(From("2001:db8::9", "fe80::1", 3)));
    }

    private static BridgeClient? Admit(BridgeClients clients, string address, int second, int port = 1)
    {
        TimeSpan now = TimeSpan.FromSeconds(second);
        UdpSource source = new(Raw(address, port), []);
        BridgeHost host = clients.HostOf(source);
        if (clients.IsFull)
        {
            if (clients.TakePlace(host, now) is not { } displaced)
                return null;
            clients.Remove(displaced);
        }

        BridgeClient client = new()
        {
            Source = source,
            Host = host,
            Stream = null!, // the places do not use it
        };
        clients.Add(client, now);
        return client;
    }

    private static OutletClient? Serve(OutletClients clients, uint id, ulong stream, int second)
    {
        TimeSpan now = TimeSpan.FromSeconds(second);
        OutletNode node = clients.NodeOf(id);
        if (clients.IsFull)
        {
            if (clients.TakePlace(node, now) is not { } displaced)
                return null;
            clients.Remove(displaced);
        }

        OutletClient client = new()
        {
            Node = node,
            Stream = stream,
            Reply = null!, // the places use neither
            Socket = null!,
        };
        clients.Add(client, now);
        return client;
    }

    private static UdpSource From(string client, string local, int device)
    {
        byte[] control = new byte[100];
        byte[] address = IPAddress.Parse(local).GetAddressBytes();
        int length;
        if (address.Length == 4)
        {
            LibC.Ipv4PacketInfo v4 = new() { InterfaceIndex = device, LocalAddress = BitConverter.ToUInt32(address) };
            length = ControlMessage.Write(control, LibC.IPPROTO_IP, LibC.IP_PKTINFO, v4);
        }
        else
        {
            LibC.Ipv6PacketInfo v6 = new() { InterfaceIndex = (uint)device };
            v6.Address = System.Runtime.InteropServices.MemoryMarshal.Read<LibC.Ipv6Address>(address);
            length = ControlMessage.Write(control, LibC.IPPROTO_IPV6, LibC.IPV6_PKTINFO, v6);
        }

        return new UdpSource(Raw(client, 1), control.AsSpan(0, length));
    }

    private static byte[] Raw(string address, int port)
    {
        byte[] bytes = new byte[IpAddresses.Capacity];
        IpAddresses.Write(new IPEndPoint(IPAddress.Parse(address), port), bytes);
        return bytes;
    }
}
