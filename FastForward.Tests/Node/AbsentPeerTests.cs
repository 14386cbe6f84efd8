using FastForward.Transport;
using FastForward.Transport.Registry;
using Microsoft.Extensions.Time.Testing;

namespace FastForward.Tests.Node;

/// <summary>What peers cost that do not run: registries have thousands of them.</summary>
[NonParallelizable]
public sealed class AbsentPeerTests
{
    private const int Peers = 2_000;
    private const int FirstPeer = 1_000_000;
    private static readonly TimeSpan s_step = TimeSpan.FromMilliseconds(250);

    [TestCase(TransportKind.Socket)]
    [TestCase(TransportKind.Ip)]
    public void An_absent_peer_is_tried_ever_more_rarely(TransportKind kind)
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode node = world.Start(25011, vsockets: false);
        node.Route(Row(FirstPeer, kind));
        Advance(world, time, TimeSpan.FromMinutes(5)); // the delay has reached its limit
        long frames = node.Node.Statistics.FramesSent;
        long failures = node.Socket.Statistics.OpenFailures;
        Advance(world, time, TimeSpan.FromMinutes(10));
        long attempts =
            kind == TransportKind.Ip
                ? node.Node.Statistics.FramesSent - frames // six INITs in each attempt
                : 6 * (node.Socket.Statistics.OpenFailures - failures);
        Assert.That(attempts, Is.InRange(6 * 14, 6 * 20), "every 30 to 38 s");
    }

    [TestCase(TransportKind.Socket)]
    [TestCase(TransportKind.Ip)]
    public void An_absent_peer_takes_at_most_2_KiB(TransportKind kind)
    {
        FakeTimeProvider time = new();
        using NodeWorld world = new(time);
        TestNode node = world.Start(25011, vsockets: false);
        node.Route(Row(FirstPeer, kind));
        Advance(world, time, TimeSpan.FromSeconds(2)); // code and tables that do not depend on the number of peers
        StaticRouteRows rows = new(kind);
        long before = GC.GetTotalMemory(forceFullCollection: true);
        node.Route(rows.All);
        Advance(world, time, TimeSpan.FromSeconds(60));
        node.Changes.Clear(); // the record of the test
        long perPeer = (GC.GetTotalMemory(forceFullCollection: true) - before) / Peers;
        TestContext.Out.WriteLine($"{kind}: {perPeer} bytes for an absent peer");
        GC.KeepAlive(rows);
        Assert.That(perPeer, Is.LessThanOrEqualTo(2048));
    }

    private static RouteRow Row(int index, TransportKind kind) =>
        new((uint)index, 0, kind, kind == TransportKind.Ip ? "127.0.0.1" : "", 1 + (index % 1000));

    private static void Advance(NodeWorld world, FakeTimeProvider time, TimeSpan duration)
    {
        for (TimeSpan passed = TimeSpan.Zero; passed < duration; passed += s_step)
        {
            time.Advance(s_step);
            world.Cycle();
        }
    }

    private sealed class StaticRouteRows(TransportKind kind)
    {
        public RouteRow[] All { get; } = [.. Enumerable.Range(FirstPeer, Peers).Select(index => Row(index, kind))];
    }
}
