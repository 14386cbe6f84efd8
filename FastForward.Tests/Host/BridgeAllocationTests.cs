using System.Net;
using System.Net.Sockets;
using FastForward.Host.Actors;
using FastForward.Host.Demo;
using FastForward.Host.Instances;
using FastForward.Transport;
using FastForward.Transport.Actors;
using FastForward.Transport.Loop;
using FastForward.Transport.Registry;
using FastForward.Transport.Sockets;
using Microsoft.Extensions.Logging.Abstractions;

namespace FastForward.Tests.Host;

public sealed class BridgeAllocationTests
{
    [Test]
    public void A_datagram_through_bridge_and_outlet_and_its_answer_allocate_nothing()
    {
        int[] ports = FreePorts.Find(2);
        IPEndPoint listen = new(IPAddress.Loopback, ports[0]),
            target = new(IPAddress.Loopback, ports[1]);
        using UdpSocket server = UdpSocket.Bind(target);
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
            NullLogger.Instance
        );
        using OutletActor outlet = new(
            new OutletSettings
            {
                Name = "outlet",
                Target = target,
                Service = 1,
                IdleSeconds = 60,
                MaxClients = 10,
            },
            NullLogger.Instance
        );
        using ForwardLoop loop = new();
        using OverrideResolver routes = new([]);
        ActorSystem actors = new();
        actors.Add(bridge, bridge.ReplyService);
        actors.Add(outlet, new ServiceId(outlet.Service));
        using ForwardNode node = new(loop, new ForwardNodeOptions { Node = 25011 }, [], routes);
        actors.Start(node, loop);
        node.Start(actors);
        UdpSocket[] clients = [UdpSocket.Connect(listen), UdpSocket.Connect(listen)];
        byte[] buffer = new byte[100];

        Exchange(2000);
        long before = GC.GetAllocatedBytesForCurrentThread();
        Exchange(10_000);
        long allocated = GC.GetAllocatedBytesForCurrentThread() - before;

        Assert.That(bridge.ClientCount, Is.EqualTo(2));
        Assert.That(outlet.ClientCount, Is.EqualTo(2));
        Assert.That(allocated, Is.Zero);
        node.Dispose();
        actors.Stop();
        foreach (UdpSocket client in clients)
            client.Dispose();

        void Exchange(int count)
        {
            for (int i = 0; i < count; i++)
            {
                UdpSocket client = clients[i & 1];
                client.Send("question"u8);
                UdpSource from;
                while (server.Receive(buffer, out _, out from) != SocketError.Success)
                    loop.DoWork();
                server.Answer("answer"u8, from);
                while (client.Receive(buffer, out _, out _) != SocketError.Success)
                    loop.DoWork();
            }
        }
    }
}
