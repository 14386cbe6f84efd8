using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using FastForward.Host.Actors;
using FastForward.Host.Demo;
using FastForward.Host.Instances;
using FastForward.Tests.Actors;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Host;

public sealed class BridgeFloodTests
{
    [Test]
    public void Every_datagram_of_a_flood_is_forwarded_or_counted_as_dropped()
    {
        const int Count = 20_000; // more than any buffer of the socket holds
        FakeTimeProvider time = new();
        CollectingLogger<BridgeActor> logger = new();
        IPEndPoint listen = new(IPAddress.Loopback, FreePorts.Find(1)[0]);
        using BridgeActor bridge = new(
            new BridgeSettings
            {
                Name = "bridge",
                Listen = listen,
                Node = 25011,
                Service = 1,
                Class = MessageClass.Reliable,
                IdleSeconds = 60,
                MaxClients = 10,
            },
            logger
        );
        using ForwardLoop loop = new(time: time);
        using OverrideResolver routes = new([]);
        ActorSystem actors = new();
        actors.Add(bridge, bridge.ReplyService);
        actors.Add(new ScriptedActor("sink"), new ServiceId(1));
        using ForwardNode node = new(loop, new ForwardNodeOptions { Node = 25011 }, [], routes);
        actors.Start(node, loop);
        node.Start(actors);
        using UdpSocket client = UdpSocket.Connect(listen);
        byte[] datagram = new byte[1000];
        for (int i = 0; i < Count; i++)
            client.Send(datagram);

        while (loop.DoWork() > 0) { }

        time.Advance(TimeSpan.FromSeconds(1));
        loop.DoWork();
        Assert.That(logger.TextsOf(8010), Has.Some.Contains("clients sent faster than the bridge reads"));
        node.Dispose();
        actors.Stop();
        Match end = Regex.Match(
            logger.TextsOf(8002).Single(),
            "stopped; ([0-9]+) datagrams sent to the node, 0 answers given, ([0-9]+) dropped"
        );
        Assert.That(
            Enumerable.Range(1, 2).Sum(group => int.Parse(end.Groups[group].Value, CultureInfo.InvariantCulture)),
            Is.EqualTo(Count)
        );
    }

    [Test]
    public void Many_idle_sockets_of_an_outlet_are_closed_over_several_cycles()
    {
        const int Count = 600;
        using BridgeWorld world = new(IPAddress.Loopback, outletIdleSeconds: 10);
        for (int i = 0; i < Count; i++)
        {
            using UdpSocket client = UdpSocket.Bind(new IPEndPoint(IPAddress.Parse($"127.0.1.{1 + (i % 250)}"), 0));
            world.Ask(client, "question"u8);
        }

        world.Drive();
        int open = world.Outlet.ClientCount;
        world.Time.Advance(TimeSpan.FromSeconds(30));
        int cycles = 0;
        for (; world.Outlet.ClientCount > 0 && cycles < 100; cycles++)
        {
            world.Step();
            Assert.That(open - world.Outlet.ClientCount, Is.LessThanOrEqualTo(512), "a sweep and a check");
            open = world.Outlet.ClientCount;
        }

        Assert.That(world.Outlet.ClientCount, Is.Zero);
        Assert.That(cycles, Is.GreaterThan(1));
    }

    [Test]
    public void Every_answer_that_comes_while_the_outlet_does_not_read_is_sent_back_or_counted_as_dropped()
    {
        const int Count = 20_000;
        using BridgeWorld world = new(IPAddress.Loopback);
        using UdpSocket client = UdpSocket.Connect(new IPEndPoint(IPAddress.Loopback, world.BridgePort));
        byte[] datagram = new byte[1000];
        client.Send(datagram);
        world.Drive();
        Assert.That(world.Server.Receive(datagram, out _, out UdpSource outlet), Is.EqualTo(SocketError.Success));
        for (int i = 0; i < Count; i++)
            world.Server.Answer(datagram, outlet);

        world.Drive();

        world.Time.Advance(TimeSpan.FromSeconds(1));
        world.Drive();
        Assert.That(world.Log.TextsOf(8010), Has.Some.Contains("the target answered faster than the outlet reads"));
        world.Stop();
        Match end = Regex.Match(
            world.Log.TextsOf(8021).Single(),
            "stopped; 1 datagrams emitted, ([0-9]+) answers sent back, ([0-9]+) dropped"
        );
        Assert.That(
            Enumerable.Range(1, 2).Sum(group => int.Parse(end.Groups[group].Value, CultureInfo.InvariantCulture)),
            Is.EqualTo(Count)
        );
    }
}
