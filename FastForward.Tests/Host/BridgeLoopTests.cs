using System.Net;
using System.Net.Sockets;
using FastForward.Host.Actors;
using FastForward.Host.Instances;
using FastForward.Transport.Sockets;

namespace FastForward.Tests.Host;

/// <summary>Outlets whose target leads back to a bridge of theirs.</summary>
public sealed class BridgeLoopTests
{
    [Test]
    public void A_datagram_that_comes_back_is_dropped_after_a_few_passages_and_the_log_says_so()
    {
        using BridgeWorld world = new(IPAddress.Loopback, circle: true);
        using UdpSocket client = UdpSocket.Connect(new IPEndPoint(IPAddress.Loopback, world.BridgePort));
        client.SetHopLimit(64);
        client.Send("once"u8);
        world.Drive();
        Assert.That(world.Outlet.ClientCount, Is.EqualTo(7), "passages");
        Assert.That(world.Log.TextsOf(8010), Has.Exactly(1).Contains("the target leads back to a bridge"));
    }

    [Test]
    public void Every_datagram_of_a_circle_ends_and_is_counted()
    {
        using BridgeWorld world = new(IPAddress.Loopback, circle: true);
        using UdpSocket client = UdpSocket.Connect(new IPEndPoint(IPAddress.Loopback, world.BridgePort));
        for (int i = 0; i < 100; i++)
            Assert.That(client.Send("again"u8), Is.EqualTo(SocketError.Success));
        world.Drive();
        world.Stop();
        Assert.That(world.Log.TextsOf(8021).Single(), Does.Contain("100 dropped"), "every datagram has ended");
    }

    [TestCase("listen = 127.0.0.1:5300", "target = 127.0.0.1:5300")]
    [TestCase("listen = 0.0.0.0:5300", "target = 127.0.0.2:5300")]
    [TestCase("listen = [::]:5300", "target = 127.0.0.1:5300")]
    [TestCase("listen = [::]:5300", "target = [::]:5300")]
    [TestCase("listen = 127.0.0.1:5300", "target = 0.0.0.0:5300")]
    [TestCase("listen = [::1]:5300", "target = [::]:5300")]
    [TestCase("listen = 127.0.0.1:5300", "target = [::ffff:127.0.0.1]:5300")]
    [TestCase("listen = 0.0.0.0:5300", "target = [::ffff:0.0.0.0]:5300")]
    public void An_outlet_that_targets_its_own_bridge_is_refused_at_start(string listen, string target)
    {
        InstanceReading reading = InstanceReader.Read(
            "f.conf",
            $"network=25011\n[bridge]\n{listen}\nnode = 25011\nservice = 1\n[outlet]\n{target}\nservice = 1\n"
        );
        Assert.That(
            reading.Problems.Single().ToString(),
            Does.StartWith("f.conf:7: outlet:target: ").And.Contain("is where [bridge] listens")
        );
    }

    [Test]
    public void What_comes_from_the_place_of_a_bridge_is_dropped_and_counted()
    {
        using UdpSocket other = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        using BridgeWorld world = new(IPAddress.Loopback, places: new BridgePlaces([other.LocalEndPoint]));
        Assert.That(world.Exchange(other), Is.False);
        Assert.That(world.Bridge.ClientCount, Is.Zero);
        Assert.That(world.Log.TextsOf(8010), Has.Exactly(1).Contains("the source is a bridge of this instance"));
    }

    [Test]
    public void The_place_of_a_bridge_at_all_addresses_is_each_address_of_the_system()
    {
        using UdpSocket other = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        BridgePlaces places = new([new IPEndPoint(IPAddress.IPv6Any, other.LocalEndPoint.Port)]);
        using BridgeWorld world = new(IPAddress.Loopback, places: places);
        Assert.That(world.Exchange(other), Is.False);
        Assert.That(world.Bridge.ClientCount, Is.Zero);
    }

    [Test]
    public void A_circle_of_two_bridges_and_outlets_is_refused_at_start()
    {
        const string Text = """
            network=25011
            [bridge a]
            listen = 127.0.0.1:5301
            node = 25011
            service = 1
            [outlet a]
            target = 127.0.0.1:5302
            service = 1
            [bridge b]
            listen = 127.0.0.1:5302
            node = 25011
            service = 2
            [outlet b]
            target = 127.0.0.1:5301
            service = 2
            """;
        Assert.That(InstanceReader.Read("f.conf", Text).Problems, Has.Count.EqualTo(2));
        string chain = Text.Replace("target = 127.0.0.1:5301", "target = 127.0.0.1:5303", StringComparison.Ordinal);
        Assert.That(InstanceReader.Read("f.conf", chain).Problems, Is.Empty, "a chain is no circle");
    }
}
