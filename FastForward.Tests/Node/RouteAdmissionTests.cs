using System.Net;
using System.Net.NetworkInformation;
using System.Net.Sockets;
using FastForward.Tests.Session;
using FastForward.Transport;
using FastForward.Transport.Interop;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Node;

/// <summary>Who may be which node by the rows of this one, seen through real sockets.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class RouteAdmissionTests : IDisposable
{
    private readonly NodeWorld _world = new();

    [Test]
    public void Loopback_is_refused_to_a_node_that_has_only_a_socket_row()
    {
        TestNode a = _world.Start(25011);
        TestNode stranger = _world.Start(250012);
        a.Route(new RouteRow(stranger.Id, 0, TransportKind.Socket, "", 60_999));
        stranger.Route(a, TransportKind.Ip);
        _world.Until(() => Refusal(stranger) is not null, "the REJECT");
        Assert.That(Refusal(stranger), Does.Contain("WrongSource"));
        Assert.That(
            Refusal(a),
            Is.EqualTo(
                $"it came by IP from 127.0.0.1:{stranger.UdpPort}, "
                    + "and no row of type FORWARD_TRANSPORT_IP or FORWARD_TRANSPORT_RDMA says that it is there"
            )
        );
        Assert.That(a.Node.GetPeer(stranger.Id)!.State, Is.EqualTo(PeerState.Connecting));
    }

    [Test]
    public void A_node_of_a_later_version_gets_a_REJECT_of_this_one_where_its_row_admits_it([Values(0u, 5u)] uint keyId)
    {
        TestNode a = _world.Start(25011);
        using UdpClient later = new(new IPEndPoint(IPAddress.Loopback, 0));
        byte[] init = new byte[300];
        new Handshake
        {
            Type = FrameType.Init,
            Version = 2,
            ReceiverIndex = 0,
            SenderIndex = 0x01020304,
            From = 250012,
            To = a.Id,
            Incarnation = 77,
            Epoch = 0,
        }.Write(init);
        int port = ((IPEndPoint)later.Client.LocalEndPoint!).Port;
        a.Route(new RouteRow(250012, keyId, TransportKind.Ip, "127.0.0.1", port));
        _world.Until(() => a.Node.GetPeer(250012) is not null, "the row");
        later.Send(init, new IPEndPoint(IPAddress.Loopback, a.UdpPort));
        _world.Until(() => later.Available > 0 && Refusal(a) is not null, "the REJECT");
        Assert.That(Refusal(a), Does.Contain("version 2 of the protocol, this node speaks version 1 only"));
        // The node opens a path itself, so its own INIT may come first.
        Reject reject = default;
        IPEndPoint? from = null;
        _world.Until(() => later.Available > 0 && Reject.TryRead(later.Receive(ref from), out reject), "a REJECT");
        Assert.That(
            (reject.ReceiverIndex, reject.Reason, reject.HighestVersion, reject.EchoedIncarnation),
            Is.EqualTo((0x01020304u, RejectReason.Version, (byte)1, 77ul))
        );
    }

    [Test]
    public void On_loopback_the_port_of_the_row_counts()
    {
        TestNode a = _world.Start(25011);
        TestNode stranger = _world.Start(250012);
        a.Route(new RouteRow(stranger.Id, 0, TransportKind.Ip, "127.0.0.1", stranger.UdpPort == 9 ? 10 : 9));
        stranger.Route(a, TransportKind.Ip);
        _world.Until(() => Refusal(stranger)?.Contains("WrongSource", StringComparison.Ordinal) == true, "the REJECT");
        a.Route(stranger, TransportKind.Ip);
        _world.Until(() => a.IsConnectedTo(stranger) && stranger.IsConnectedTo(a), "the right row");
    }

    [Test]
    public void A_row_of_any_table_and_a_host_name_admit_the_source()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "localhost", b.UdpPort));
        a.Override(new RouteRow(b.Id, 0, TransportKind.Socket, "", 60_999)); // nothing is there
        b.Route(a, TransportKind.Ip);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both connected");
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Ip));
    }

    [Test]
    public void Rows_that_differ_on_the_two_sides_connect_over_the_socket()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        a.Route(b, TransportKind.Socket);
        b.Route(a, TransportKind.Ip);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both connected");
        a.Node.Send(b.Id, 1, MessageClass.Reliable, "down"u8);
        _world.Until(() => b.Messages.Count == 1, "a message");
        // What b prefers joins as soon as it is proven over the socket.
        _world.Until(() => b.Node.GetPeer(a.Id)!.Transport == TransportKind.Ip, "the path of b's row");
        b.Node.Send(a.Id, 1, MessageClass.RealTime, "up"u8);
        _world.Until(() => a.Messages.Count == 1, "a message over it");
    }

    [Test]
    public void A_refused_stranger_does_not_change_what_is_known_of_the_node()
    {
        TestNode a = _world.Start(25011);
        TestNode stranger = _world.Start(250012);
        a.Route(new RouteRow(stranger.Id, 0, TransportKind.Socket, "", 60_999));
        stranger.Route(a, TransportKind.Ip);
        _world.Until(() => Refusal(a) is not null, "the refusal");
        _world.Until(() => a.Node.GetPeer(stranger.Id)!.RefusedClaim is not null, "its record");
        Assert.That(a.Node.GetPeer(stranger.Id)!.RefusedClaim, Does.Contain("came by IP from"));
        Assert.That(a.Node.GetPeer(stranger.Id)!.Reason, Does.Contain("60999"), "the row is what it waits for");
    }

    [Test]
    public void An_id_that_is_bound_to_another_user_is_refused_over_the_socket()
    {
        uint own = LibC.EffectiveUserId();
        TestNode a = _world.Start(25011, userIds: new Dictionary<uint, uint> { [250012] = own + 4711 });
        TestNode b = _world.Start(250012);
        a.Route(b, TransportKind.Socket);
        b.Route(a, TransportKind.Socket);
        _world.Until(() => Refusal(b)?.Contains("WrongSource", StringComparison.Ordinal) == true, "the REJECT");
        _world.Until(() => Refusal(a) is not null, "the refusal here");
        Assert.That(
            Refusal(a),
            Is.EqualTo($"it came by UNIX socket from user id {own}, and its id is bound to user id {own + 4711}")
        );
        Assert.That(a.IsConnectedTo(b), Is.False);
    }

    [Test]
    public void An_id_that_is_bound_to_its_user_is_admitted_over_the_socket()
    {
        TestNode a = _world.Start(25011, userIds: new Dictionary<uint, uint> { [250012] = LibC.EffectiveUserId() });
        TestNode b = _world.Start(250012);
        a.Route(b, TransportKind.Socket);
        b.Route(a, TransportKind.Socket);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both connected");
    }

    [Test]
    public void A_source_without_a_port_is_refused()
    {
        TestNode a = _world.Start(25011);
        a.Route(new RouteRow(250012, 0, TransportKind.Ip, "127.0.0.1", 54_012));
        _world.Until(() => a.Node.GetPeer(250012) is not null, "the row");
        Assert.That(Evaluate(a, new IPEndPoint(IPAddress.Loopback, 0)), Is.EqualTo(InitDecision.Reject));
        Assert.That(Evaluate(a, new IPEndPoint(IPAddress.Loopback, 54_012)), Is.EqualTo(InitDecision.Accept));
    }

    [Test]
    public void The_port_counts_for_every_address_of_this_machine()
    {
        IPAddress own = NetworkInterface
            .GetAllNetworkInterfaces()
            .SelectMany(static device => device.GetIPProperties().UnicastAddresses)
            .Select(static unicast => unicast.Address)
            .Where(static address => !IPAddress.IsLoopback(address) && !address.IsIPv6LinkLocal)
            .FirstOrDefault(IPAddress.None);
        IPAddress other = IPAddress.Parse("192.0.2.7");
        TestNode a = _world.Start(25011, allowUnkeyed: true);
        a.Route([
            new RouteRow(250012, 0, TransportKind.Ip, other.ToString(), 54_012),
            new RouteRow(250013, 0, TransportKind.Ip, own.ToString(), 54_013),
        ]);
        _world.Until(() => a.Node.GetPeer(250012) is not null, "the rows");
        Assert.That(Evaluate(a, new IPEndPoint(other, 9)), Is.EqualTo(InitDecision.Accept), "behind a translator");
        Assert.That(Evaluate(a, new IPEndPoint(IPAddress.Parse("192.0.2.8"), 54_012)), Is.EqualTo(InitDecision.Reject));
        if (own.Equals(IPAddress.None))
            Assert.Ignore("This machine has no address but the loopback's.");
        Assert.That(Evaluate(a, new IPEndPoint(own, 9), 250013), Is.EqualTo(InitDecision.Reject));
        Assert.That(Evaluate(a, new IPEndPoint(own, 54_013), 250013), Is.EqualTo(InitDecision.Accept));
    }

    public void Dispose() => _world.Dispose();

    private InitDecision Evaluate(TestNode node, IPEndPoint source, uint from = 250012)
    {
        Handshake init = new()
        {
            Type = FrameType.Init,
            ReceiverIndex = 0,
            SenderIndex = 5,
            From = from,
            To = node.Id,
            Incarnation = 7,
            Epoch = 1,
        };
        LinkSource place = LinkSource.OfAddress(source);
        bool isLoopback = IPAddress.IsLoopback(source.Address);
        return node.Node.Peers.Evaluate(_world.Loop.NowMicros, init, TransportKind.Ip, isLoopback, place, out _);
    }

    private static string? Refusal(TestNode node) =>
        node.Changes.Find(static change => change.Kind == PeerEventKind.Refused).Reason;
}
