using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Session;

namespace FastForward.Tests.Node;

/// <summary><see cref="ForwardNode.Ping"/> and the status of peers, between whole nodes.</summary>
public sealed class PingNodeTests
{
    private NodeWorld _world = null!;

    [SetUp]
    public void Prepare() => _world = new NodeWorld();

    [TearDown]
    public void CleanUp() => _world.Dispose();

    [TestCase(TransportKind.Ip)]
    [TestCase(TransportKind.Socket)]
    public void A_peer_answers_without_its_handler(TransportKind kind)
    {
        (TestNode a, TestNode b) = _world.Pair(kind);
        _world.Until(() => a.Node.GetPeer(b.Id)!.Paths.Count == 1, "one of two crossed links to go");
        List<PingResult> results = [];
        PingStart start = a.Node.Ping(b.Id, results.Add, size: 1100);
        Assert.That(start, Is.EqualTo(new PingStart(PingStatus.Started, 1)));
        Assert.That(results, Is.Empty, "never from inside the call");
        _world.Until(() => results.Count == 1, "the answer");
        Assert.That(
            (results[0].Node, results[0].Outcome, results[0].Transport, results[0].IsPathInUse),
            Is.EqualTo((b.Id, PingOutcome.Answered, (TransportKind?)kind, true))
        );
        Assert.That(a.Messages.Count + b.Messages.Count, Is.Zero);
    }

    [Test]
    public void A_ping_to_the_own_id_is_answered_from_a_later_cycle()
    {
        TestNode a = _world.Start(25011);
        List<PingResult> results = [];
        Assert.That(a.Node.Ping(a.Id, results.Add), Is.EqualTo(new PingStart(PingStatus.Started, 1)));
        Assert.That(results, Is.Empty);
        _world.Until(() => results.Count == 1, "the answer");
        Assert.That(
            results[0],
            Is.EqualTo(new PingResult(a.Id, PingOutcome.Answered, null, true, TimeSpan.Zero, TimeSpan.Zero))
        );
    }

    [Test]
    public void A_ping_that_cannot_start_returns_the_reason()
    {
        TestNode a = _world.Start(25011, allowUnkeyed: true);
        Assert.That(a.Node.Ping(4711, Unexpected).Status, Is.EqualTo(PingStatus.UnknownNode));
        a.Route(new RouteRow(250012, 0, TransportKind.Socket, "", 9));
        _world.Until(
            () => a.Node.GetPeer(250012)?.Reason?.Contains("FastForward.9.sock", StringComparison.Ordinal) ?? false,
            "the failure of the first attempt"
        );
        Assert.That(a.Node.Ping(250012, Unexpected).Status, Is.EqualTo(PingStatus.NotConnected));
        a.Route(new RouteRow(250013, 0, TransportKind.Rdma, "0x20010db8000000000000000000000001", 9));
        _world.Until(() => a.Node.GetPeer(250013) is not null, "the route");
        Assert.That(a.Node.GetPeer(250013)!.Reason, Does.Contain("needs a transport that is not running here"));
        Assert.That(
            () => a.Node.Ping(250012, Unexpected, TimeSpan.Zero),
            Throws.InstanceOf<ArgumentOutOfRangeException>()
        );
        Assert.That(
            () => a.Node.Ping(250012, Unexpected, size: 1101),
            Throws.InstanceOf<ArgumentOutOfRangeException>()
        );
        Assert.That(() => a.Node.Ping(250012, null!), Throws.ArgumentNullException);

        static void Unexpected(PingResult result) => Assert.Fail($"{result}");
    }

    [Test]
    public void Disposing_the_node_ends_pending_pings()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Ip);
        List<PingResult> results = [];
        a.Node.Ping(b.Id, results.Add);
        a.Node.Dispose();
        Assert.That(results.Select(static result => result.Outcome), Is.EqualTo(new[] { PingOutcome.PathLost }));
        Assert.That(a.Node.Ping(b.Id, results.Add).Status, Is.EqualTo(PingStatus.Stopping));
    }

    [Test]
    public void A_callback_may_start_another_ping()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        int count = 0;
        a.Node.Ping(b.Id, Again);
        _world.Until(() => count == 50, "fifty rounds");
        Assert.That(a.IsConnectedTo(b));

        void Again(PingResult result)
        {
            if (++count < 50)
                a.Node.Ping(b.Id, Again);
        }
    }

    [Test]
    public void An_unconfigured_node_is_listed_until_it_is_configured()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(a, TransportKind.Ip);
        _world.Until(() => a.Node.GetUnconfiguredNodes().Count == 1, "the stranger");
        UnconfiguredNode heard = a.Node.GetUnconfiguredNodes()[0];
        Assert.That((heard.Node, heard.Transport), Is.EqualTo((b.Id, TransportKind.Ip)));
        Assert.That(heard.Handshakes, Is.GreaterThan(0));
        a.Route(b, TransportKind.Ip);
        _world.Until(() => a.IsConnectedTo(b), "the connection");
        Assert.That(a.Node.GetUnconfiguredNodes(), Is.Empty);
    }

    [Test]
    public void The_status_has_the_paths_and_the_counts()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.Socket);
        for (int i = 0; i < 5; i++)
            a.Node.Send(b.Id, 7, MessageClass.Reliable, new byte[20]);
        _world.Until(() => b.Messages.Count == 5 && a.Node.GetPeer(b.Id)!.UnacknowledgedBytes == 0, "five messages");
        PeerStatus near = a.Node.GetPeer(b.Id)!,
            far = b.Node.GetPeers()[0];
        Assert.That(
            (near.MessagesSent, near.PayloadBytesSent, far.MessagesReceived, far.PayloadBytesReceived),
            Is.EqualTo((5L, 100L, 5L, 100L))
        );
        Assert.That(
            (near.Reason, near.SendStoreBytes, near.UndeliveredMessages),
            Is.EqualTo(((string?)null, 4L << 20, 0L))
        );
        Assert.That(near.PathInUse!.State, Is.EqualTo(PathState.Sound));
        Assert.That(near.PathInUse.ProbesMissed, Is.Zero);
        Assert.That((near.PathInUse.FramesLost, near.PathInUse.LossRatio), Is.EqualTo((0L, 0.0)));
        Assert.That(near.PathInUse.FramesReceived, Is.GreaterThan(0));
        Assert.That(near.InState, Is.GreaterThan(TimeSpan.Zero).And.LessThan(LoopDriver.Limit));
    }

    [Test]
    public void Forged_ids_do_not_exhaust_memory()
    {
        UnconfiguredNodes nodes = new();
        for (uint node = 1; node <= 10_000; node++)
            nodes.Record(node, node, TransportKind.Ip);
        nodes.Record(10_001, 10_000, TransportKind.Socket);
        IReadOnlyList<UnconfiguredNode> heard = nodes.Snapshot(10_001);
        Assert.That(heard, Has.Count.EqualTo(UnconfiguredNodes.Capacity));
        UnconfiguredNode last = heard[^1];
        Assert.That(
            (last.Node, last.Transport, last.Handshakes, last.LastHeard),
            Is.EqualTo((10_000u, TransportKind.Socket, 2L, TimeSpan.Zero))
        );
        Assert.That(heard[0].Node, Is.EqualTo(10_000 - UnconfiguredNodes.Capacity + 1));
    }
}
