using System.Net;
using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>A path for each row and address, all at once.</summary>
[TestFixture]
public sealed class SeveralPathsTests
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp() => _world = new NodeWorld();

    [TearDown]
    public void TearDown() => _world.Dispose();

    [Test]
    public void A_SOCKET_override_at_which_nothing_listens_leaves_the_IP_row()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(a, TransportKind.Ip);
        a.Route(b, TransportKind.Ip);
        a.Override(new RouteRow(b.Id, 0, TransportKind.Socket, "", b.SocketPort + 1));
        _world.Until(() => a.IsConnectedTo(b) && a.Socket.Statistics.OpenFailures > 1, "connected by the other row");
        PeerStatus status = a.Node.GetPeer(b.Id)!;
        Assert.That(status.Transport, Is.EqualTo(TransportKind.Ip));
        Assert.That(
            status.Reason,
            Does.StartWith("reached over Ip, because its Socket route fails: ").And.Contain($"{b.SocketPort + 1}.sock")
        );
        Assert.That(
            a.Changes.Single(static change => change.Kind == PeerEventKind.Unusable).Reason,
            Does.Contain("its Ip row is used"),
            "reported once"
        );

        a.Override(new RouteRow(b.Id, 0, TransportKind.Socket, "", b.SocketPort));
        _world.Until(() => a.Node.GetPeer(b.Id)!.Transport == TransportKind.Socket, "the right override");
        Assert.That(a.Node.GetPeer(b.Id)!.Reason, Is.Null);
        Assert.That(Sound(a, b), Is.EquivalentTo(new[] { TransportKind.Ip, TransportKind.Socket }), "the other stays");
    }

    [Test]
    public void All_rows_are_paths_at_once_each_of_them_one()
    {
        (TestNode a, TestNode b) = SocketAndIp(maxPaths: 4);
        _world.Until(
            () => new[] { a.Node.GetPeer(b.Id)!, b.Node.GetPeer(a.Id)! }.All(static peer => peer.Paths.Count == 2),
            "two paths"
        );
        Assert.That(Sound(a, b), Is.EquivalentTo(new[] { TransportKind.Ip, TransportKind.Socket }));
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Socket));
        Assert.That(b.Node.GetPeer(a.Id)!.Transport, Is.EqualTo(TransportKind.Socket));
    }

    [Test]
    public void No_more_than_MaxPaths_are_opened()
    {
        (TestNode a, TestNode b) = SocketAndIp(maxPaths: 1);
        Assert.That(Sound(a, b), Is.EqualTo(new[] { TransportKind.Socket }));
        Assert.That(a.Ip.Statistics.FramesSent + b.Ip.Statistics.FramesSent, Is.Zero);
    }

    [Test]
    public void A_name_with_many_addresses_does_not_displace_the_row_behind_it()
    {
        using SilentResolver resolver = new();
        TestNode a = _world.Start(25011, allowUnkeyed: true, lookups: resolver.Threads);
        TestNode b = _world.Start(250012, allowUnkeyed: true);
        resolver.Addresses["many.example"] =
        [
            .. Enumerable.Range(71, 6).Select(static last => IPAddress.Parse($"127.0.0.{last}")),
        ];
        b.Route(new RouteRow(a.Id, 0, TransportKind.Socket, "", a.SocketPort + 1)); // b cannot connect by itself
        a.Override(new RouteRow(b.Id, 0, TransportKind.Ip, "many.example", 9));
        a.Route(b, TransportKind.Socket);
        _world.Until(() => a.IsConnectedTo(b), "connected by the last row");
        _world.Until(() => a.Node.GetPeer(b.Id)!.Paths.Count == 4, "attempts at three addresses");
    }

    // Both nodes connected by the first of two rows.
    private (TestNode A, TestNode B) SocketAndIp(int maxPaths)
    {
        TestNode a = _world.Start(25011, options => options.MaxPaths = maxPaths);
        TestNode b = _world.Start(250012, options => options.MaxPaths = maxPaths);
        foreach ((TestNode node, TestNode other) in new[] { (a, b), (b, a) })
        {
            node.Override(new RouteRow(other.Id, 0, TransportKind.Socket, "", other.SocketPort));
            node.Route(other, TransportKind.Ip);
        }

        _world.Until(
            () =>
                a.Node.GetPeer(b.Id)?.Transport == TransportKind.Socket
                && b.Node.GetPeer(a.Id)?.Transport == TransportKind.Socket,
            "both nodes connected by the preferred row"
        );
        return (a, b);
    }

    private static IEnumerable<TransportKind> Sound(TestNode node, TestNode other) =>
        node
            .Node.GetPeer(other.Id)!
            .Paths.Where(static path => path.State == PathState.Sound)
            .Select(static path => path.Transport);
}
