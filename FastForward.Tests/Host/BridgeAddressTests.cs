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
