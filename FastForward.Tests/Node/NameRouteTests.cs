using System.Net;
using System.Net.Sockets;
using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

/// <summary>IP routes by host name.</summary>
internal sealed class NameRouteTests
{
    private const string Name = "node2.example";

    private static readonly IPAddress s_silent = IPAddress.Parse("127.0.0.77");

    [Test]
    public void A_silent_address_does_not_hide_the_next_one()
    {
        using SilentResolver resolver = new();
        using NodeWorld world = new();
        TestNode a = world.Start(1, allowUnkeyed: true, lookups: resolver.Threads);
        TestNode b = world.Start(2, allowUnkeyed: true);
        using Socket silent = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        silent.Bind(new IPEndPoint(s_silent, b.UdpPort));
        resolver.Addresses[Name] = [s_silent, b.Address];
        RouteToA(b, a);
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, Name, b.UdpPort));
        world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "connected to the second address");
        Assert.That(Drain(silent), Is.Positive);
        PeerStatus status = a.Node.GetPeer(b.Id)!;
        Assert.That(status.Reason, Is.Null, "an address of the preferred row is as good as another");
        Assert.That(status.PathInUse!.RemoteEndPoint, Is.EqualTo(new IPEndPoint(b.Address, b.UdpPort)));

        b.RemoveRoutes();
        world.Until(() => !a.IsConnectedTo(b), "the association ended");
        RouteToA(b, a);
        world.Until(() => a.IsConnectedTo(b), "connected again");
    }

    [Test]
    public void A_peer_at_none_of_its_addresses_is_reported_with_all_of_them()
    {
        using SilentResolver resolver = new();
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(1, allowUnkeyed: true, lookups: resolver.Threads);
        resolver.Addresses[Name] = [s_silent, IPAddress.Parse("127.0.0.78")];
        a.Route(new RouteRow(2, 0, TransportKind.Ip, Name, 9));
        Advance(world, time, () => a.Changes.Exists(change => change.Kind == PeerEventKind.NotHeard), "not heard");
        Assert.That(a.Changes[^1].Reason, Does.Contain($"{Name}:9 (127.0.0.77, 127.0.0.78)"));
        Assert.That(a.Node.GetPeer(2)!.Reason, Does.Contain($"{Name}:9 (127.0.0.77, 127.0.0.78)"));
    }

    [Test]
    public void A_name_without_an_answer_is_reported_once_and_used_when_it_has_one()
    {
        using SilentResolver resolver = new();
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(1, allowUnkeyed: true, lookups: resolver.Threads);
        TestNode b = world.Start(2, allowUnkeyed: true);
        resolver.Addresses[Name] = [];
        RouteToA(b, a);
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, Name, b.UdpPort));
        Advance(world, time, () => resolver.Calls.Count > 3, "looked up again and again");
        PeerEvent[] reports = [.. a.Changes.Where(change => change.Kind == PeerEventKind.Unusable)];
        Assert.That(reports.Select(report => report.Reason), Has.One.Contains("knows no address"));
        Assert.That(reports, Has.Length.EqualTo(1));

        resolver.Addresses[Name] = [b.Address];
        Advance(world, time, () => a.IsConnectedTo(b), "connected");
    }

    [Test]
    public void A_resolver_that_does_not_answer_is_named_and_the_late_answer_used()
    {
        using SilentResolver resolver = new();
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(1, allowUnkeyed: true, lookups: resolver.Threads);
        a.Route(new RouteRow(2, 0, TransportKind.Ip, Name, 9));
        Advance(world, time, () => a.Changes.Count > 0, "reported");
        Assert.That(a.Changes[0].Reason, Does.Contain($"host name \"{Name}\": the resolver did not answer within 5 s"));
        Assert.That(resolver.Calls, Has.Count.EqualTo(1));
    }

    [Test]
    public void The_second_address_of_a_fallback_is_tried_and_the_preferred_route_too()
    {
        using SilentResolver resolver = new();
        using NodeWorld world = new();
        TestNode a = world.Start(
            1,
            static options => options.VSocketFallback = true,
            allowUnkeyed: true,
            lookups: resolver.Threads
        );
        TestNode b = world.Start(2, allowUnkeyed: true);
        resolver.Addresses[Name] = [s_silent, b.Address];
        RouteToA(b, a);
        a.Override(new RouteRow(b.Id, 0, TransportKind.VSocket, "1", TransportHarness.VSocket.NextPort()));
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, Name, b.UdpPort));
        world.Until(() => a.IsConnectedTo(b), "connected to the second address of the fallback");
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Ip));
        long tried = a.VSocket.Statistics.OpenFailures;
        world.Until(() => a.VSocket.Statistics.OpenFailures > tried + 1, "further attempts on the vSocket");
        Assert.That(a.Node.GetPeer(b.Id)!.Paths.Count(static path => path.State == PathState.Sound), Is.EqualTo(1));
    }

    [Test]
    public void An_interface_that_is_absent_is_a_reason_and_no_bad_row()
    {
        using NodeWorld world = new();
        TestNode a = world.Start(1, allowUnkeyed: true, address: IPAddress.IPv6Loopback);
        a.Route(new RouteRow(2, 0, TransportKind.Ip, "fe80::7%ff-absent0", 9));
        world.Until(() => a.Changes.Count > 0, "reported");
        Assert.That(
            (a.Changes[0].Kind, a.Changes[0].Reason),
            Is.EqualTo((PeerEventKind.Unusable, "[fe80::7%ff-absent0]:9: this machine has no interface \"ff-absent0\""))
        );
    }

    [Test]
    public void All_addresses_of_a_name_are_paths_and_one_that_it_loses_is_left()
    {
        using SilentResolver resolver = new();
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode a = world.Start(1, allowUnkeyed: true, lookups: resolver.Threads);
        TestNode b = world.Start(2, allowUnkeyed: true, address: IPAddress.Any);
        IPAddress[] at = [IPAddress.Parse("127.0.0.2"), IPAddress.Parse("127.0.0.3"), IPAddress.Parse("127.0.0.4")];
        // Nothing gets from the loopback to the last one; the attempts repeat the lookup.
        resolver.Addresses[Name] = [at[0], at[1], IPAddress.Parse("192.0.2.1")];
        RouteToA(b, a);
        a.Route(new RouteRow(b.Id, 0, TransportKind.Ip, Name, b.UdpPort));
        Advance(world, time, () => Sound(a).SequenceEqual(at[..2]), "paths to two addresses");
        Advance(
            world,
            time,
            () =>
                b
                    .Node.GetPeer(a.Id)!
                    .Paths.Select(static path => ((IPEndPoint)path.LocalEndPoint!).Address)
                    .ToHashSet()
                    .SetEquals(at[..2]),
            "the other node knows at which of its addresses"
        );

        resolver.Addresses[Name] = [at[1], at[2]];
        Advance(world, time, () => Sound(a).SequenceEqual(at[1..]), "paths to its present addresses");
        Advance(world, time, () => a.Node.GetPeer(b.Id)!.Paths.Count == 2, "the former one is closed");
        Assert.That(a.Changes.Select(static change => change.Kind), Does.Not.Contain(PeerEventKind.Suspect));

        IEnumerable<IPAddress> Sound(TestNode node) =>
            (node.Node.GetPeer(b.Id)?.Paths ?? [])
                .Where(static path => path is { State: PathState.Sound, IsFormer: false })
                .Select(static path => ((IPEndPoint)path.RemoteEndPoint!).Address)
                .OrderBy(static address => address.GetAddressBytes()[3]);
    }

    // The IP row admits A, and B prefers a vSocket, which leads nowhere and has no fallback: so A is the one who
    // connects.
    private static void RouteToA(TestNode b, TestNode a)
    {
        b.Override(new RouteRow(a.Id, 0, TransportKind.VSocket, "1", TransportHarness.VSocket.NextPort()));
        b.Route(a, TransportKind.Ip);
    }

    private static void Advance(NodeWorld world, FakeTimeProvider time, Func<bool> condition, string what) =>
        world.Until(
            () =>
            {
                time.Advance(TimeSpan.FromMilliseconds(20));
                return condition();
            },
            what
        );

    private static int Drain(Socket socket)
    {
        int count = 0;
        for (; socket.Available > 0; count++)
            socket.Receive(new byte[2048]);
        return count;
    }
}
