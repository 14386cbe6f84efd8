using FastForward.Tests.Transports;
using FastForward.Transport;
using FastForward.Transport.Registry;
using FastForward.Transport.Transports.VSocket;

namespace FastForward.Tests.Node;

/// <summary>
/// Nodes over vSocket datagrams, which are connectionless like UDP, with the context id as source. UDP sockets emulate
/// them.
/// </summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class VSocketDatagramNodeTests : IDisposable
{
    private readonly NodeWorld _world = new(vsocketDatagrams: true);

    public void Dispose() => _world.Dispose();

    [Test]
    public void Messages_of_both_classes_travel_both_ways()
    {
        (TestNode a, TestNode b) = _world.Pair(TransportKind.VSocket);
        Assert.That(a.VSocket.ListenerType, Is.EqualTo(VSocketType.Datagram));
        Assert.That(a.Node.Send(b.Id, 1, MessageClass.RealTime, "voice"u8).IsAccepted, Is.True);
        Assert.That(b.Node.Send(a.Id, 1, MessageClass.RealTime, "answer"u8).IsAccepted, Is.True);
        Assert.That(a.Node.Send(b.Id, 2, MessageClass.Reliable, new byte[10_000]).IsAccepted, Is.True);
        Assert.That(b.Node.Send(a.Id, 2, MessageClass.Reliable, new byte[10_000]).IsAccepted, Is.True);
        _world.Until(() => a.Messages.Count == 2 && b.Messages.Count == 2, "both messages of each");
        Assert.That(a.Node.GetPeer(b.Id)!.Transport, Is.EqualTo(TransportKind.VSocket));
    }

    [Test]
    public void A_stranger_from_another_machine_than_its_route_names_is_refused_and_both_are_named()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(new RouteRow(a.Id, 0, TransportKind.VSocket, "77", TransportHarness.VSocket.NextPort()));
        a.Route(b, TransportKind.VSocket);
        Assert.That(Refusal(b), Is.EqualTo("it came by vSocket from context id 1, and its route names context id 77"));
        Assert.That(Refusal(a), Does.Contain("WrongSource"), "the refused node is notified");
        Assert.That(a.IsConnectedTo(b), Is.False);

        b.Route(a, TransportKind.VSocket);
        _world.Until(() => a.IsConnectedTo(b) && b.IsConnectedTo(a), "the right row to let it in");
    }

    [Test]
    public void A_stranger_without_a_vSocket_row_is_refused()
    {
        TestNode a = _world.Start(25011);
        TestNode b = _world.Start(250012);
        b.Route(a, TransportKind.Socket);
        a.Route(b, TransportKind.VSocket);
        Assert.That(
            Refusal(b),
            Is.EqualTo(
                "it came by vSocket from context id 1, and no row of type FORWARD_TRANSPORT_VSOCKET "
                    + "says that it is there"
            )
        );
    }

    private string? Refusal(TestNode node)
    {
        _world.Until(() => node.Changes.Any(change => change.Kind == PeerEventKind.Refused), "a refusal");
        return node.Changes.First(change => change.Kind == PeerEventKind.Refused).Reason;
    }
}
