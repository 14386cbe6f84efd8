using System.Net;
using System.Net.Sockets;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Host;

/// <summary>A bridge at all addresses answers from the one that was asked.</summary>
public sealed class BridgeAddressTests
{
    [TestCase("0.0.0.0", "127.0.0.1")]
    [TestCase("0.0.0.0", "127.0.0.2")]
    [TestCase("::", "127.0.0.1")]
    [TestCase("::", "127.0.0.2")]
    [TestCase("::", "::1")]
    [TestCase("127.0.0.2", "127.0.0.2")]
    public void The_answer_comes_from_the_address_that_was_asked(string listen, string asked)
    {
        using BridgeWorld world = new(IPAddress.Parse(listen));
        using UdpSocket client = UdpSocket.Connect(new IPEndPoint(IPAddress.Parse(asked), world.BridgePort));
        Assert.That(world.Exchange(client, isConnected: true), "a connected socket takes the answers of one address");
    }

    [Test]
    public void The_sockets_of_an_outlet_take_no_port_that_its_instance_names()
    {
        HashSet<int> named = [.. Enumerable.Range(1, 65_535).Where(static port => port % 4 != 0)];
        using BridgeWorld world = new(IPAddress.Loopback, avoided: named);
        UdpSocket[] clients =
        [
            .. Enumerable
                .Range(0, 50)
                .Select(_ => UdpSocket.Connect(new IPEndPoint(IPAddress.Loopback, world.BridgePort))),
        ];
        foreach (UdpSocket client in clients)
            client.Send("question"u8);
        world.Drive();
        List<int> ports = [];
        byte[] buffer = new byte[100];
        while (world.Server.Receive(buffer, out _, out UdpSource source) == SocketError.Success)
            ports.Add(source.Address.ToEndPoint()!.Port);
        Assert.That(ports, Has.Count.EqualTo(clients.Length));
        Assert.That(ports.Where(named.Contains), Is.Empty);
        foreach (UdpSocket client in clients)
            client.Dispose();
    }

    [TestCase("127.0.0.1", "127.0.0.1")]
    [TestCase("0.0.0.0", "127.0.0.2")]
    [TestCase("::", "127.0.0.1")]
    [TestCase("::1", "::1")]
    public void A_port_in_use_names_the_process(string held, string wanted)
    {
        using UdpSocket first = UdpSocket.Bind(new IPEndPoint(IPAddress.Parse(held), 0));
        int port = first.LocalEndPoint.Port;
        SocketException refused = Assert.Throws<SocketException>(() =>
            UdpSocket.Bind(new IPEndPoint(IPAddress.Parse(wanted), port))
        )!;
        Assert.That(refused.SocketErrorCode, Is.EqualTo(SocketError.AddressAlreadyInUse));
        Assert.That(
            refused.Message,
            Does.Contain("this process has the port; unless it was set to that port, the kernel gave it")
                .And.Contain($"add {port} to the sysctl net.ipv4.ip_local_")
        );
    }

    [Test]
    public void A_port_of_an_outgoing_socket_is_told_from_one_that_was_asked_for()
    {
        using UdpSocket target = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using UdpSocket outgoing = UdpSocket.Connect(target.LocalEndPoint);
        SocketException refused = Assert.Throws<SocketException>(() => UdpSocket.Bind(outgoing.LocalEndPoint))!;
        Assert.That(
            refused.Message,
            Does.Contain("this process has the port, which the kernel gives to outgoing sockets: add ")
        );
    }

    [Test]
    public void One_port_that_asks_two_addresses_gets_an_answer_from_each()
    {
        using BridgeWorld world = new(IPAddress.IPv6Any);
        using UdpSocket client = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        IPEndPoint[] asked =
        [
            new(IPAddress.Loopback, world.BridgePort),
            new(IPAddress.Parse("127.0.0.2"), world.BridgePort),
        ];
        foreach (IPEndPoint place in asked)
            client.SendTo("question"u8, new UdpAddress(place));
        world.Drive();
        world.Echo();
        world.Drive();
        List<IPEndPoint?> from = [];
        byte[] buffer = new byte[100];
        while (client.Receive(buffer, out _, out UdpSource source) == SocketError.Success)
            from.Add(source.Address.ToEndPoint());
        Assert.That(from, Is.EquivalentTo(asked));
    }
}
