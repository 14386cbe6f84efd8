using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Addressing;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;
using FastForward.Transport.Transports.VSocket;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

/// <summary>
/// Nodes over vSockets: the context id that the kernel reports for a peer must match one of the peer's rows.
/// </summary>
[TestFixture(false)]
[TestFixture(true, Category = "Lab")]
public sealed class VSocketNodeTests(bool kernelVSockets)
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp()
    {
        if (kernelVSockets)
            Requires.VSock();
        _world = new NodeWorld(kernelVSockets: kernelVSockets);
    }

    [TearDown]
    public void TearDown() => _world?.Dispose(); // null where the test is skipped

    [Test]
    public void Both_classes_arrive_both_ways()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.VSocket);
        byte[] large = new byte[60_000];
        Random.Shared.NextBytes(large);
        Assert.That(a.Node.Send(b.Id, 1, MessageClass.Reliable, large).IsAccepted, Is.True);
        Assert.That(a.Node.Send(b.Id, 2, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
        Assert.That(b.Node.Send(a.Id, 1, MessageClass.Reliable, large).IsAccepted, Is.True);
        Assert.That(b.Node.Send(a.Id, 2, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
        _world.Until(() => a.Messages.Count == 2 && b.Messages.Count == 2, "four messages");
        foreach (TestNode node in new[] { a, b })
        {
            Assert.That(node.Messages.Single(message => message.Stream == 1).Payload, Is.EqualTo(large));
            Assert.That(node.Messages.Single(message => message.Stream == 2).Payload, Is.EqualTo("voice"u8.ToArray()));
        }

        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.VSocket));
    }

    [Test]
    public void A_node_from_another_machine_than_its_route_names_is_refused_and_both_are_named()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(new RouteRow(a.Id, 0, TransportKind.VSocket, "77", a.VSocketPort));
        a.Route(b, TransportKind.VSocket);
        PeerEvent refusal = Refusal(b);
        Assert.That(refusal.Node, Is.EqualTo(a.Id));
        Assert.That(refusal.Transport, Is.EqualTo(TransportKind.VSocket));
        Assert.That(
            refusal.Reason,
            Is.EqualTo("it came by vSocket from context id 1, and its route names context id 77")
        );
        Assert.That(Refusal(a).Reason, Does.Contain("WrongSource"), "the refused node is notified");
        Assert.That(b.Node.Statistics.RefusedHandshakes, Is.GreaterThan(0));
        Assert.That(a.IsConnectedTo(b), Is.False);
    }

    [Test]
    public void A_node_without_a_vSocket_row_is_refused_over_vSockets()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(a, TransportKind.Ip);
        a.Route(b, TransportKind.Ip);
        a.Override(new RouteRow(b.Id, 0, TransportKind.VSocket, "1", b.VSocketPort));
        Assert.That(
            Refusal(b).Reason,
            Is.EqualTo(
                "it came by vSocket from context id 1, and no row of type FORWARD_TRANSPORT_VSOCKET "
                    + "says that it is there"
            )
        );
        _world.Until(() => b.IsConnectedTo(a) && a.IsConnectedTo(b), "a connection over the transport of the only row");
        Assert.That(b.Node.GetPeer(a.Id)!.Transport, Is.EqualTo(TransportKind.Ip));
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Ip));
    }

    [Test]
    public void Changing_a_row_to_another_machine_ends_the_path()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.VSocket);
        b.Route(new RouteRow(a.Id, 0, TransportKind.VSocket, "77", a.VSocketPort));
        _world.Until(() => b.Changes.Any(change => change.Kind == PeerEventKind.Suspect), "the path to end");
        Refusal(b);
        b.Route(a, TransportKind.VSocket);
        _world.Until(() => b.Node.GetPeer(a.Id)!.Transport == TransportKind.VSocket, "a path again");
        b.Node.Send(a.Id, 1, MessageClass.Reliable, "back"u8);
        _world.Until(() => a.Messages.Count == 1, "a message");
    }

    [Test]
    public void A_peer_that_disconnects_instead_of_answering_is_reported_as_such()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        a.Route(b, TransportKind.VSocket); // b has no row for a
        _world.Until(() => b.VSocket.Statistics.LinksOpened >= 2, "two connections");
        Assert.That(
            a.Node.GetPeer(b.Id)!.Reason,
            Is.EqualTo(
                $"vsock:1:{b.VSocketPort} accepts the connection but does not answer the handshake: "
                    + "it may have no row for this node"
            )
        );
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Another_row_replaces_an_unreachable_vSocket_only_with_VSocketFallback(bool fallback)
    {
        TestNode a = _world.Start(25011, options => options.VSocketFallback = fallback);
        TestNode b = _world.Start(250012);
        int unusedPort = TransportHarness.VSocket.NextPort();
        // No process listens on the unused port: b cannot connect by itself.
        b.Route(new RouteRow(a.Id, 0, TransportKind.VSocket, "1", unusedPort));
        a.Override(new RouteRow(b.Id, 0, TransportKind.VSocket, "1", unusedPort));
        a.Route(b, TransportKind.Socket);
        if (fallback)
        {
            _world.Until(() => a.IsConnectedTo(b), "the other row");
            Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Socket));
            long tried = a.VSocket.Statistics.OpenFailures;
            _world.Until(() => a.VSocket.Statistics.OpenFailures > tried + 1, "further attempts on the vSocket");
            Assert.That(
                a.Changes.Single(static change => change.Kind == PeerEventKind.Unusable).Reason,
                Does.Contain($"no process listens at vsock:1:{unusedPort}").And.Contain("its Socket row is used"),
                "reported once"
            );
            Assert.That(
                a.Node.GetPeer(b.Id)!.Reason,
                Does.StartWith("reached over Socket, because its VSocket route fails: ")
                    .And.Contain($"vsock:1:{unusedPort}")
            );
            NodeHealth health = NodeHealth.Of(isStarted: true, isStopping: false, a.Node.Transports, a.Node.GetPeers());
            Assert.That(
                (health.Status, health.AbsentPeers.Count),
                Is.EqualTo((NodeHealthStatus.Degraded, 0)),
                health.ToString()
            );
            Assert.That(health.Problems.Single(), Does.StartWith($"node {b.Id} is reached over Socket, because"));
        }
        else
        {
            _world.Until(() => a.VSocket.Statistics.OpenFailures >= 3, "three tries");
            Assert.That(a.Node.GetPeer(b.Id)!.Paths, Is.Empty);
        }

        a.Override(new RouteRow(b.Id, 0, TransportKind.VSocket, "1", b.VSocketPort));
        _world.Until(() => a.Node.GetPeer(b.Id)!.Transport == TransportKind.VSocket, "the vSocket");
        Assert.That(
            a.Node.GetPeer(b.Id)!.Paths,
            Has.Count.EqualTo(fallback ? 2 : 1),
            "the other path stays open beside it"
        );
        Assert.That(a.Node.GetPeer(b.Id)!.Reason, Is.Null);
    }

    [Test]
    public void The_other_row_is_used_where_vSockets_do_not_run()
    {
        TestNode a = _world.Start(25011, static options => options.VSocketFallback = true, vsockets: false);
        TestNode b = _world.Start(250012);
        b.Route(new RouteRow(a.Id, 0, TransportKind.VSocket, "77", 1)); // b cannot connect by itself
        a.Override(new RouteRow(b.Id, 0, TransportKind.VSocket, "1", b.VSocketPort));
        a.Route(b, TransportKind.Socket);
        _world.Until(() => a.IsConnectedTo(b), "the other row");
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Socket));
    }

    [Test]
    public void Connections_without_a_handshake_do_not_block_other_peers()
    {
        // The clock stays below the handshake time-out: no connection is closed for sending nothing.
        FakeTimeProvider time = new();
        using NodeWorld world = new(time, kernelVSockets);
        TestNode b = world.Start(250012);
        using VSocketTransport silent = TransportHarness.VSocket.Create(
            VSocketType.SeqPacket,
            kernelVSockets ? null : world.VSocketDirectory,
            TransportHarness.VSocket.NextPort()
        );
        RecordingSink sink = new();
        silent.Start(world.Loop, sink);
        for (int i = 1; i <= 100; i++)
        {
            silent.Connect(new VSocketEndPoint(VSocketEndPoint.LocalCid, b.VSocketPort));
            world.Until(
                () =>
                {
                    silent.Poll(64);
                    return sink.OpenedLinks.Count == i && b.VSocket.Statistics.LinksOpened == i;
                },
                $"silent link {i}"
            );
        }

        foreach (TransportKind kind in new[] { TransportKind.Socket, TransportKind.VSocket })
        {
            TestNode a = world.Start(kind == TransportKind.Socket ? 25011u : 25013u);
            // No process listens on port 1: b cannot connect by itself.
            b.Route(new RouteRow(a.Id, 0, kind, kind == TransportKind.VSocket ? "1" : "", 1));
            a.Route(b, kind);
            world.Until(
                () =>
                {
                    time.Advance(TimeSpan.FromMicroseconds(100));
                    return a.IsConnectedTo(b);
                },
                $"a node by {kind}"
            );
        }

        Assert.That(world.Loop.NowMicros, Is.LessThan(5_000_000), "within the handshake time-out");
    }

    [Test]
    public void A_machine_that_connects_repeatedly_evicts_only_its_own_connections()
    {
        if (kernelVSockets)
            Assert.Pass("one machine has one number; UNIX sockets stand in for several");
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode b = world.Start(250012);
        using VSocketTransport source = TransportHarness.VSocket.Create(
            VSocketType.SeqPacket,
            world.VSocketDirectory,
            TransportHarness.VSocket.NextPort()
        );
        RecordingSink sink = new();
        source.Start(world.Loop, sink);
        IForwardLink slow = Connect(7);
        for (int i = 0; i < 200; i++)
            Connect(66);
        world.Until(
            () =>
            {
                source.Poll(64);
                return sink.ClosedLinks.Count >= 100;
            },
            "most of the flood's connections to be closed"
        );
        Assert.That(sink.HasClosed(slow), Is.False, "the connection of the other machine");

        IForwardLink Connect(uint cid)
        {
            b.VSocketFamily!.PeerCid = cid;
            long before = b.VSocket.Statistics.LinksOpened;
            IForwardLink link = source.Connect(new VSocketEndPoint(VSocketEndPoint.LocalCid, b.VSocketPort));
            world.Until(
                () =>
                {
                    source.Poll(64);
                    return b.VSocket.Statistics.LinksOpened > before;
                },
                $"a link of machine {cid}"
            );
            return link;
        }
    }

    private PeerEvent Refusal(TestNode node)
    {
        _world.Until(() => node.Changes.Any(change => change.Kind == PeerEventKind.Refused), "a refusal");
        return node.Changes.First(change => change.Kind == PeerEventKind.Refused);
    }
}
