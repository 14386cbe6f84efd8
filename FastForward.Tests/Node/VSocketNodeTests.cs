using FastForward.Transport;
using FastForward.Transport.Registry;

namespace FastForward.Tests.Node;

/// <summary>Which machine may be which node: the context id that the kernel vouches for must be that of a row.</summary>
[TestFixture(false)]
[TestFixture(true, Category = "Lab")]
public sealed class VSocketNodeTests(bool kernelVSockets)
{
    private NodeWorld _world = null!;

    [SetUp]
    public void SetUp()
    {
        if (kernelVSockets) Requires.VSock();
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
        Assert.That(refusal.Reason, Is.EqualTo("it came by vSocket from context id 1, and its route names context id 77"));
        Assert.That(Refusal(a).Reason, Does.Contain("WrongSource"), "the refused one is told");
        Assert.That(b.Node.Statistics.RefusedHandshakes, Is.GreaterThan(0));
        Assert.That(a.IsConnectedTo(b), Is.False);
    }

    [Test]
    public void A_node_without_a_vSocket_row_is_not_believed_over_vSockets()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(a, TransportKind.Ip);
        a.Route(b, TransportKind.VSocket);
        Assert.That(Refusal(b).Reason, Is.EqualTo("it came by vSocket from context id 1, and no row of type FORWARD_TRANSPORT_VSOCKET says that it is there"));
        _world.Until(() => b.IsConnectedTo(a) && a.IsConnectedTo(b), "the medium of the row that there is");
        Assert.That(b.Node.GetPeer(a.Id)!.Transport, Is.EqualTo(TransportKind.Ip));
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.Ip));
    }

    [Test]
    public void A_row_that_comes_to_name_another_machine_ends_the_path()
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

    private PeerEvent Refusal(TestNode node)
    {
        _world.Until(() => node.Changes.Any(change => change.Kind == PeerEventKind.Refused), "a refusal");
        return node.Changes.First(change => change.Kind == PeerEventKind.Refused);
    }
}
