using System.Net;
using FastForward.Transport;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Time.Testing;

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

    [Test]
    public void Two_addresses_of_a_node_are_two_IP_paths_each_of_them_one()
    {
        IPAddress[] ofA = [IPAddress.Parse("127.0.0.1"), IPAddress.Parse("127.0.0.2")];
        TestNode a = _world.Start(25011, addresses: ofA);
        TestNode b = _world.Start(250012, addresses: [IPAddress.Parse("127.0.0.3")]);
        b.Override(new RouteRow(a.Id, 0, TransportKind.Ip, "127.0.0.1", a.UdpPort));
        b.Route(new RouteRow(a.Id, 0, TransportKind.Ip, "127.0.0.2", a.UdpPort));
        a.Route(b, TransportKind.Ip);
        _world.Until(() => Ends(a, b).Count() == 2 && Ends(b, a).Count() == 2, "one path between each two addresses");
        Assert.That(Ends(a, b).Select(static ends => ends.Local.Address), Is.EquivalentTo(ofA));
        Assert.That(
            Ends(b, a),
            Is.EquivalentTo(Ends(a, b).Select(static ends => (ends.Remote, ends.Local))),
            "both nodes name the same ends"
        );
        _world.Until(
            () =>
                new[] { a.Node.GetPeer(b.Id)!, b.Node.GetPeer(a.Id)! }
                    .SelectMany(static peer => peer.Paths)
                    .All(static path => path is { FramesSent: > 1, FramesReceived: > 1 }),
            "probes in both directions of both"
        );
    }

    [Test]
    public void A_row_with_a_wrong_port_at_the_right_address_is_told_once([Values] bool isFirst)
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(25011);
        TestNode b = world.Start(250012);
        b.Route(a, TransportKind.Ip);
        RouteRow wrong = new(b.Id, 0, TransportKind.Ip, "127.0.0.1", 9);
        RouteRow right = wrong with { Port = b.UdpPort };
        a.Override(isFirst ? wrong : right);
        a.Route(isFirst ? right : wrong);
        for (int i = 0; i < 6000; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            world.Cycle();
        }

        Assert.That(a.IsConnectedTo(b), Is.True);
        Assert.That(
            a.Changes.Where(static change => change.Kind == PeerEventKind.Unusable)
                .Select(static change => change.Reason),
            Is.EqualTo(
                new[]
                {
                    $"no answer at 127.0.0.1:9, but the peer is reached at 127.0.0.1:{b.UdpPort}: "
                        + "the port of the row may be wrong",
                }
            )
        );
    }

    [Test]
    public void Two_networks_are_four_paths_and_the_loss_of_an_address_leaves_the_others()
    {
        TestNode a = _world.Start(25011, addresses: [IPAddress.Parse("127.0.0.1"), IPAddress.Parse("127.0.0.2")]);
        TestNode b = _world.Start(250012, addresses: [IPAddress.Parse("127.0.0.3"), IPAddress.Parse("127.0.0.4")]);
        a.Override(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.3", b.UdpPort));
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.4", b.UdpPort));
        b.Override(new RouteRow(a.Id, 0, TransportKind.Ip, "127.0.0.1", a.UdpPort));
        b.Route(new RouteRow(a.Id, 0, TransportKind.Ip, "127.0.0.2", a.UdpPort));
        _world.Until(() => Ends(a, b).Count() == 4 && Ends(b, a).Count() == 4, "all pairs");
        Assert.That(Ends(a, b).Distinct().Count(), Is.EqualTo(4));
        Assert.That(a.Node.GetPeer(b.Id)!.PathInUse!.RemoteEndPoint, Is.EqualTo(new IPEndPoint(Last(3), b.UdpPort)));

        a.Override(new RouteRow(b.Id, 0, TransportKind.Ip, "127.0.0.4", b.UdpPort));
        _world.Until(
            () =>
                a.Node.GetPeer(b.Id)!.PathInUse is { IsFormer: false, RemoteEndPoint: IPEndPoint to }
                && to.Address.Equals(Last(4)),
            "the address that is left"
        );
        Assert.That(a.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Suspect));

        static IPAddress Last(int last) => IPAddress.Parse($"127.0.0.{last}");
    }

    [Test]
    public void A_peer_of_this_host_is_found_at_its_socket_and_left_there_when_its_file_is_gone()
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(25011, static options => options.DiscoverLocalPeers = true);
        TestNode b = world.Start(250012);
        b.Override(new RouteRow(a.Id, 0, TransportKind.Socket, "", a.SocketPort + 1)); // b cannot connect by itself
        b.Route(a, TransportKind.Ip);
        string file = Path.Combine(world.SocketDirectory, $"FastForward.{b.UdpPort}.sock");
        a.Route(b, TransportKind.Ip); // one port number of a node, whatever the medium
        Advance(() => a.IsConnectedTo(b), "connected");
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Ip));

        File.CreateSymbolicLink(file, Path.Combine(world.SocketDirectory, $"FastForward.{b.SocketPort}.sock"));
        Advance(() => a.Node.GetPeer(b.Id)!.Transport == TransportKind.Socket, "the socket");
        Assert.That(a.Node.GetPeer(b.Id)!.Reason, Is.Null);

        File.Delete(file);
        Advance(() => a.Node.GetPeer(b.Id)!.Paths.Any(static path => path.IsFormer), "the file to be missed");
        Advance(() => a.Node.GetPeer(b.Id)!.Transport == TransportKind.Ip, "the row");

        void Advance(Func<bool> condition, string what) =>
            world.Until(
                () =>
                {
                    time.Advance(TimeSpan.FromMilliseconds(20));
                    return condition();
                },
                what
            );
    }

    [Test]
    public void Without_DiscoverLocalPeers_only_rows_count()
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(25011);
        TestNode b = world.Start(250012);
        File.CreateSymbolicLink(
            Path.Combine(world.SocketDirectory, $"FastForward.{b.UdpPort}.sock"),
            Path.Combine(world.SocketDirectory, $"FastForward.{b.SocketPort}.sock")
        );
        a.Route(b, TransportKind.Ip);
        b.Route(a, TransportKind.Ip);
        for (int i = 0; i < 600; i++)
        {
            time.Advance(TimeSpan.FromMilliseconds(20));
            world.Cycle();
        }

        Assert.That(a.Socket.Statistics.LinksOpened + a.Socket.Statistics.OpenFailures, Is.Zero);
    }

    private static IEnumerable<(IPEndPoint Local, IPEndPoint Remote)> Ends(TestNode node, TestNode other) =>
        (node.Node.GetPeer(other.Id)?.Paths ?? [])
            .Where(static path => path.State == PathState.Sound)
            .Select(static path => ((IPEndPoint)path.LocalEndPoint!, (IPEndPoint)path.RemoteEndPoint!));

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
