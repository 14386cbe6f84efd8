using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;
using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>Rows that change while messages flow: make before break.</summary>
[TestFixture]
public sealed class RouteChangeTests
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp() => _world = new NodeWorld();

    [TearDown]
    public void TearDown() => _world.Dispose();

    [Test]
    public void A_change_from_SOCKET_to_IP_refuses_no_reliable_message_while_the_socket_is_up()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        a.Route(b, TransportKind.Ip);
        int sent = 0;
        _world.Until(
            () =>
            {
                Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.Accepted));
                sent++;
                return a.Node.GetPeer(b.Id)!.Transport == TransportKind.Ip && b.Messages.Count > 0;
            },
            "a path over IP"
        );
        for (int i = 0; i < 100; i++, sent++)
            Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, "x"u8).IsAccepted, Is.True);
        Assert.That(a.Node.Send(b.Id, 2, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
        _world.Until(() => b.Messages.Count == sent + 1, "all messages");
        Assert.That(a.Reports, Is.Empty);
        PeerStatus status = a.Node.GetPeer(b.Id)!;
        Assert.That(status.Paths.Count(static path => path.IsInUse), Is.EqualTo(2), "one for each class");
    }

    [Test]
    public void A_route_that_changes_20_times_loses_repeats_and_reorders_nothing()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        int sent = 0;
        Dictionary<ulong, List<int>> arrived = new() { [1] = [], [2] = [] };
        b.OnReceived = (in ReceivedMessage message) =>
            arrived[message.Stream].Add(BinaryPrimitives.ReadInt32LittleEndian(message.Payload));
        for (int i = 1; i <= 20; i++)
        {
            TransportKind kind = i % 2 == 0 ? TransportKind.Socket : TransportKind.Ip;
            a.Route(b, kind);
            b.Route(a, kind);
            int enough = sent + 50;
            _world.Until(
                () => Send() && sent >= enough && IsOver(a, b, kind) && IsOver(b, a, kind),
                $"{kind}, move {i}"
            );
        }

        _world.Until(() => arrived[1].Count >= sent && arrived[2].Count >= sent, "all messages");
        Assert.That(arrived[1], Is.EqualTo(Enumerable.Range(0, sent)), "reliable");
        Assert.That(arrived[2], Is.EqualTo(Enumerable.Range(0, sent)), "real-time");
        Assert.That(a.Reports, Is.Empty);
        Assert.That(
            a.Changes.Select(static change => change.Kind),
            Does.Not.Contain(PeerEventKind.Lost).And.Not.Contain(PeerEventKind.Suspect)
        );

        bool Send()
        {
            Span<byte> payload = stackalloc byte[sizeof(int)];
            BinaryPrimitives.WriteInt32LittleEndian(payload, sent);
            Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, payload).Status, Is.EqualTo(SendStatus.Accepted));
            Assert.That(a.Node.Send(b.Id, 2, MessageClass.RealTime, payload).Status, Is.EqualTo(SendStatus.Accepted));
            sent++;
            return true;
        }

        static bool IsOver(TestNode node, TestNode other, TransportKind kind) =>
            node.Node.GetPeer(other.Id) is { PathInUse: { IsFormer: false } path } && path.Transport == kind;
    }

    [Test]
    public void A_changed_address_keeps_the_working_path_until_the_new_one_is_established()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012, address: IPAddress.Any);
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(IPAddress.Loopback, 0));
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.1", b.UdpPort));
        AdmitOnly(b, a);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both nodes connected");
        int sent = 0;

        int silentPort = ((IPEndPoint)silent.LocalEndPoint!).Port;
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.1", silentPort));
        _world.Until(() => Send() && silent.Available > 0, "an attempt at the new address");
        PeerStatus detour = a.Node.GetPeer(b.Id)!;
        Assert.That(detour.State, Is.EqualTo(PeerState.Connected));
        Assert.That(detour.Reason, Does.Contain("former address").And.Contain($"127.0.0.1:{silentPort}"));
        Assert.That(detour.PathInUse!.IsFormer);

        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.2", b.UdpPort));
        _world.Until(
            () => Send() && a.Node.GetPeer(b.Id) is { Reason: null, Paths.Count: 1 },
            "one path, at the new address"
        );
        _world.Until(
            () => b.Messages.Count + b.Node.Statistics.SkippedMessages == sent,
            "all messages, on either path, but for what a busy machine made too late"
        );

        bool Send()
        {
            Assert.That(a.Node.Send(b.Id, 1, MessageClass.RealTime, "voice"u8).Status, Is.EqualTo(SendStatus.Accepted));
            sent++;
            return true;
        }
    }

    [Test]
    public void A_changed_socket_address_keeps_the_working_path_too()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        // So that the path is the one that a opens: an address of b says nothing about a path that b opens.
        b.Route(new RouteRow(a.Id, 0, TransportKind.Socket, "", a.SocketPort + 1));
        a.Route(b, TransportKind.Socket);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "both nodes connected");
        a.Route(new RouteRow(b.Id, 0, TransportKind.Socket, "", b.SocketPort + 1));
        _world.Until(
            () =>
            {
                Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, "x"u8).Status, Is.EqualTo(SendStatus.Accepted));
                return a.Socket.Statistics.OpenFailures > 1;
            },
            "attempts at the new address"
        );
        Assert.That(a.Node.GetPeer(b.Id)!.State, Is.EqualTo(PeerState.Connected));
        Assert.That(a.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Suspect));
        Assert.That(a.Node.GetPeer(b.Id)!.Reason, Does.StartWith("reached at its former address, because"));
    }

    // The row of IP admits the other node, but this one does not connect by it: a preferred vSocket has no fallback.
    private static void AdmitOnly(TestNode node, TestNode other)
    {
        node.Override(new RouteRow(other.Id, 0, TransportKind.VSocket, "1", TransportHarness.VSocket.NextPort()));
        node.Route(other, TransportKind.Ip);
    }
}
