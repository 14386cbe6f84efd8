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
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Host;

/// <summary>A bridge and an outlet of one node on a loop that the test drives, and the target, a server.</summary>
internal sealed class BridgeWorld : IDisposable
{
    private readonly ForwardLoop _loop;
    private readonly OverrideResolver _routes = new([]);
    private readonly ActorSystem _actors = new();
    private readonly ForwardNode _node;
    private readonly byte[] _buffer = new byte[UdpSocket.MaxDatagramBytes];

    /// <param name="listen">The address of the bridge.</param>
    /// <param name="maxClients">Of the bridge and of the outlet.</param>
    /// <param name="circle">The target of the outlet is the bridge.</param>
    /// <param name="avoided">Ports that the outlet must not take.</param>
    /// <param name="places">Where the bridges of the instance listen.</param>
    /// <param name="outletIdleSeconds">After which the outlet closes a socket.</param>
    public BridgeWorld(
        IPAddress listen,
        int maxClients = 1000,
        bool circle = false,
        IReadOnlySet<int>? avoided = null,
        BridgePlaces? places = null,
        int outletIdleSeconds = 60
    )
    {
        int port = FreePorts.Find(1)[0];
        Server = UdpSocket.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        BridgePort = port;
        Bridge = new BridgeActor(
            new BridgeSettings
            {
                Name = "bridge",
                Listen = new IPEndPoint(listen, port),
                Node = 25011,
                Service = 1,
                Class = MessageClass.Reliable,
                IdleSeconds = 60,
                MaxClients = maxClients,
            },
            Log,
            places
        );
        Outlet = new OutletActor(
            new OutletSettings
            {
                Name = "outlet",
                Target = circle ? new IPEndPoint(IPAddress.Loopback, port) : Server.LocalEndPoint,
                Service = 1,
                IdleSeconds = outletIdleSeconds,
                MaxClients = maxClients,
            },
            Log,
            avoided
        );
        _loop = new ForwardLoop(time: Time);
        _actors.Add(Bridge, Bridge.ReplyService);
        _actors.Add(Outlet, new ServiceId(Outlet.Service));
        _node = new ForwardNode(_loop, new ForwardNodeOptions { Node = 25011 }, [], _routes);
        _actors.Start(_node, _loop);
        _node.Start(_actors);
    }

    public FakeTimeProvider Time { get; } = new();

    public CollectingLogger<BridgeActor> Log { get; } = new();

    public BridgeActor Bridge { get; }

    public OutletActor Outlet { get; }

    public UdpSocket Server { get; }

    public int BridgePort { get; }

    /// <summary>Runs the loop until nothing is left to do.</summary>
    public void Drive()
    {
        while (_loop.DoWork() > 0) { }
    }

    /// <summary>Runs one cycle of the loop.</summary>
    public void Step() => _loop.DoWork();

    /// <summary>Has the server send back what has come.</summary>
    /// <returns>How many datagrams.</returns>
    public int Echo()
    {
        int count = 0;
        for (; Server.Receive(_buffer, out int length, out UdpSource from) == SocketError.Success; count++)
            Server.Answer(_buffer.AsSpan(0, length), from);
        return count;
    }

    /// <summary>Sends to the bridge from a bound socket.</summary>
    public void Ask(UdpSocket client, ReadOnlySpan<byte> datagram)
    {
        UdpAddress bridge = new(new IPEndPoint(IPAddress.Loopback, BridgePort));
        Assert.That(client.SendTo(datagram, bridge), Is.EqualTo(SocketError.Success));
    }

    /// <summary>A client that asks and gets the same bytes back.</summary>
    public bool Exchange(UdpSocket client, bool isConnected = false)
    {
        if (isConnected)
            client.Send("question"u8);
        else
            Ask(client, "question"u8);
        Drive();
        Echo();
        Drive();
        return client.Receive(_buffer, out _, out _) == SocketError.Success;
    }

    /// <summary>Ends the node and its actors, which log their counts.</summary>
    public void Stop()
    {
        _node.Dispose();
        _actors.Stop();
    }

    public void Dispose()
    {
        Stop();
        _loop.Dispose();
        _routes.Dispose();
        Server.Dispose();
        Bridge.Dispose();
        Outlet.Dispose();
    }
}
