using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports;

namespace FastForward.Tests.Node;

/// <summary>The conditions for healthy, degraded and unhealthy nodes.</summary>
[TestFixture]
public sealed class NodeHealthTests
{
    private static readonly Dictionary<TransportKind, TransportAvailability> s_withoutVSocket = new()
    {
        [TransportKind.VSocket] = TransportAvailability.Unavailable("no vSocket transport is loaded"),
        [TransportKind.Ip] = TransportAvailability.Available,
    };

    [Test]
    public void A_transport_that_the_machine_does_not_support_is_not_a_fault()
    {
        NodeHealth health = NodeHealth.Of(isStarted: true, isStopping: false, s_withoutVSocket, []);
        Assert.That((health.Status, health.ToString()), Is.EqualTo((NodeHealthStatus.Healthy, "Healthy")));
    }

    [Test]
    public void A_node_without_any_transport_is_unhealthy_with_the_reason_of_each()
    {
        Dictionary<TransportKind, TransportAvailability> none = new(s_withoutVSocket)
        {
            [TransportKind.Ip] = TransportAvailability.Unavailable("no IPv4 and no IPv6"),
        };
        NodeHealth health = NodeHealth.Of(isStarted: true, isStopping: false, none, []);
        Assert.That(health.Status, Is.EqualTo(NodeHealthStatus.Unhealthy));
        Assert.That(
            health.Problems,
            Is.EqualTo([
                "transport Ip does not run: no IPv4 and no IPv6",
                "transport VSocket does not run: no vSocket transport is loaded",
            ])
        );
    }

    [Test]
    public void A_node_that_is_not_started_or_stops_is_unhealthy()
    {
        Assert.That(
            NodeHealth.Of(isStarted: false, isStopping: false, s_withoutVSocket, []).Status,
            Is.EqualTo(NodeHealthStatus.Unhealthy)
        );
        Assert.That(
            NodeHealth.Of(isStarted: true, isStopping: true, s_withoutVSocket, []).Status,
            Is.EqualTo(NodeHealthStatus.Unhealthy)
        );
    }

    [Test]
    public void A_peer_whose_route_needs_an_unavailable_transport_is_reported_with_that_reason()
    {
        using NodeWorld world = new();
        TestNode a = world.Start(25011, allowUnkeyed: true),
            b = world.Start(250012);
        a.Route(b, TransportKind.Ip);
        b.Route(a, TransportKind.Ip);
        world.Until(() => a.IsConnectedTo(b), "connected");
        Assert.That(a.Node.GetHealth().Status, Is.EqualTo(NodeHealthStatus.Healthy), a.Node.GetHealth().ToString());
        b.Node.Dispose();
        a.Route(new RouteRow(4711, 0, TransportKind.Rdma, "0x20010db8000000000000000000000001", 54_000));
        world.Until(() => a.Node.GetHealth().AbsentPeers.Count == 2, "both peers are absent");
        NodeHealth health = a.Node.GetHealth();
        Assert.That(health.Status, Is.EqualTo(NodeHealthStatus.Degraded));
        Assert.That(health.AbsentPeers, Is.EqualTo(new[] { 4711u, b.Id }));
        Assert.That(
            health.Problems[0],
            Does.StartWith("node 4711 is configured but was never heard from: ")
                .And.Contain("needs a transport that is not running here")
        );
    }
}
