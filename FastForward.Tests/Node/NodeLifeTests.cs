using System.Net;
using System.Net.Sockets;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.Ip;
using FastForward.Transport.Transports.Socket;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

/// <summary>Start, routes and stop of nodes.</summary>
[TestFixture]
public sealed class NodeLifeTests
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp() => _world = new NodeWorld();

    [TearDown]
    public void TearDown() => _world.Dispose();

    [Test]
    public void The_state_of_the_transports_is_a_snapshot_which_the_start_replaces()
    {
        using OverrideResolver resolver = new([]);
        using IpTransport ip = new(new IpTransportOptions { Port = 0, Addresses = [IPAddress.Loopback] });
        using ForwardNode node = new(_world.Loop, new ForwardNodeOptions { Node = 25011 }, [ip], resolver);
        IReadOnlyDictionary<TransportKind, TransportAvailability> before = node.Transports;
        TransportStatus status = node.GetTransports().Single();
        Assert.That(status.Reason, Is.EqualTo("the node has not started it"));
        node.Start(new IdleHandler());
        Assert.That(before, Is.Empty, "another thread may still read it");
        Assert.That(node.Transports[TransportKind.Ip].IsAvailable);
        Assert.That(node.GetTransports().Single().Reason, Is.Null);
    }

    [Test]
    public void A_host_name_in_a_route_is_looked_up()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(a, TransportKind.Ip);
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "localhost", b.UdpPort));
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both connected");
    }

    [Test]
    public void A_route_that_changes_moves_the_traffic()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        a.Node.Send(b.Id, 1, MessageClass.RealTime, "over the socket"u8);
        _world.Until(() => b.Messages.Count == 1, "the first message");
        a.Route(b, TransportKind.Ip);
        _world.Until(() => a.Node.GetPeer(b.Id)!.Transport == TransportKind.Ip, "the new medium");
        a.Node.Send(b.Id, 1, MessageClass.RealTime, "over IP"u8);
        _world.Until(() => b.Messages.Count == 2, "the second message");
        Assert.That(b.Messages[1].Sequence, Is.EqualTo(1), "it is the same association");
        Assert.That(a.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Lost));
    }

    [Test]
    public void A_peer_that_never_answers_is_reported_once()
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(25011);
        a.Route(new RouteRow(77, 0, TransportKind.Socket, "", 777));
        for (int i = 0; i < 300; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            world.Cycle();
        }

        PeerEvent notHeard = a.Changes.Single(static change => change.Kind == PeerEventKind.NotHeard);
        Assert.That(notHeard.Node, Is.EqualTo(77));
        Assert.That(notHeard.Reason, Does.Contain("no answer for 10 s"));
    }

    [Test]
    public void A_peer_with_an_unusable_route_that_does_not_connect_is_reported()
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(25011);
        a.Route(new RouteRow(77, 5, TransportKind.Socket, "", 777));
        for (int i = 0; i < 300; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(100));
            world.Cycle();
        }

        Assert.That(
            a.Changes.Single(static change => change.Kind == PeerEventKind.NotHeard).Reason,
            Does.Contain("cannot be used")
        );
    }

    [Test]
    public void Requiring_a_key_later_ends_an_association_without_one()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        a.Route(new RouteRow(b.Id, 5, TransportKind.Socket, "", b.SocketPort));
        _world.Until(() => a.Changes.Any(static change => change.Kind == PeerEventKind.Lost), "the end here");
        Assert.That(
            a.Changes.Single(static change => change.Kind == PeerEventKind.Unusable).Reason,
            Is.EqualTo("its rows name key 5, which this node does not have")
        );
        Assert.That(a.Node.Send(b.Id, 1, MessageClass.RealTime, "x"u8).Status, Is.EqualTo(SendStatus.NotConnected));
        _world.Until(
            () => b.Changes.Any(static change => change.Kind == PeerEventKind.Refused),
            "the refusal of what comes without a key"
        );
        Assert.That(b.IsConnectedTo(a), Is.False);
    }

    [Test]
    public void Messages_that_a_dead_peer_did_not_acknowledge_are_reported()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        for (int i = 0; i < 5; i++)
            a.Node.Send(b.Id, 3, MessageClass.Reliable, new byte[100]);
        b.Node.Dispose();
        _world.Until(() => a.Reports.Count > 0, "the report");
        Assert.That(a.Reports, Is.EqualTo(new[] { new Undelivered(b.Id, 3, 0, 5, UndeliveredReason.PeerLost) }));
    }

    [Test]
    public void A_drain_ends_at_its_limit_with_a_report()
    {
        (TestNode a, TestNode b) = _world.Pair(
            TransportKind.Socket,
            static options => options.DrainLimit = TimeSpan.FromMilliseconds(100)
        );
        _world.Loop.Remove(b.Socket); // emulates a process that is not scheduled
        a.Node.Send(b.Id, 3, MessageClass.Reliable, "unheard"u8);
        Task stopped = a.Node.StopAsync();
        _world.Until(() => stopped.IsCompleted, "the stop");
        Assert.That(a.Reports, Is.EqualTo(new[] { new Undelivered(b.Id, 3, 0, 1, UndeliveredReason.Stopped) }));
    }

    [Test]
    public void A_drain_does_not_wait_for_peers_that_were_never_connected()
    {
        TestNode a = _world.Start(25011, static options => options.DrainLimit = TimeSpan.FromMinutes(1));
        a.Route(new RouteRow(77, 0, TransportKind.Socket, "", 777));
        _world.Until(() => a.Node.Send(77, 1, MessageClass.Reliable, "queued"u8).IsAccepted, "the route to be applied");
        Task stopped = a.Node.StopAsync();
        _world.Until(() => stopped.IsCompleted, "the stop");
        Assert.That(a.Reports.Single().Reason, Is.EqualTo(UndeliveredReason.Stopped));
    }

    [Test]
    public void Dispose_reports_before_it_returns()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        a.Node.Send(b.Id, 3, MessageClass.Reliable, "one"u8);
        a.Node.Send(b.Id, 3, MessageClass.Reliable, "two"u8);
        a.Node.Dispose();
        Assert.That(a.Reports, Is.EqualTo(new[] { new Undelivered(b.Id, 3, 0, 2, UndeliveredReason.Stopped) }));
        Assert.That(a.Node.Send(b.Id, 3, MessageClass.Reliable, "three"u8).Status, Is.EqualTo(SendStatus.Stopping));
    }

    [Test]
    public void A_start_that_fails_names_the_port_and_leaves_nothing_bound()
    {
        using Socket owner = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        owner.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        int port = ((IPEndPoint)owner.LocalEndPoint!).Port;
        using LoopDriver driver = new();
        using TemporaryDirectory directory = new();
        using OverrideResolver routes = new([]);
        SocketTransport socket = new(new SocketTransportOptions { Port = 5, Directory = directory.Path });
        IpTransport ip = new(new IpTransportOptions { Port = port, Addresses = [IPAddress.Loopback] });
        using StaticNode handler = new(driver.Loop, 9);
        ForwardNode node = new(driver.Loop, new ForwardNodeOptions { Node = 1 }, [socket, ip], routes);
        TransportException failure = Assert.Throws<TransportException>(() => node.Start(handler))!;
        Assert.That(failure.Message, Does.Contain(port.ToString(System.Globalization.CultureInfo.InvariantCulture)));
        Assert.That(directory.Files, Is.Empty);
        driver.Cycle();
        Assert.That(node.Send(2, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.Stopping));
    }

    [TestCase("Node", 0)]
    [TestCase("SendStoreBytes", 131_071)]
    [TestCase("SendStoreBytes", (1 << 30) + 1)]
    [TestCase("ReceiveWindowBytes", (1 << 20) - 1)]
    [TestCase("MaxStreams", 0)]
    [TestCase("MaxStreams", (1 << 20) + 1)]
    [TestCase("MaxPendingHandshakes", 0)]
    [TestCase("MaxPaths", 0)]
    [TestCase("MaxPaths", 17)]
    [TestCase("ProbeInterval", 49)]
    [TestCase("ProbeInterval", 10_001)]
    [TestCase("DeadAfter", 3_999)]
    [TestCase("DeadAfter", 3_600_001)]
    [TestCase("RealTimeBudget", -1)]
    [TestCase("RealTimeBudget", 60_001)]
    [TestCase("DrainLimit", 60_001)]
    public void An_option_out_of_range_is_refused_by_name(string name, int value)
    {
        ForwardNodeOptions options = new() { Node = 1 };
        System.Reflection.PropertyInfo property = typeof(ForwardNodeOptions).GetProperty(name)!;
        property.SetValue(
            options,
            property.PropertyType == typeof(TimeSpan)
                ? TimeSpan.FromMilliseconds(value)
                : Convert.ChangeType(value, property.PropertyType, null)
        );
        using OverrideResolver routes = new([]);
        using StaticNode handler = new(_world.Loop, 9);
        ArgumentException refusal = Assert.Throws<ArgumentException>(() =>
            _ = new ForwardNode(_world.Loop, options, [], routes)
        )!;
        Assert.That(refusal.Message, Does.StartWith(name));
    }

    private sealed class IdleHandler : IForwardHandler
    {
        public void OnMessage(in ReceivedMessage message) { }
    }
}
