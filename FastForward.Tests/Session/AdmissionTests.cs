using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Which INITs are accepted, rejected or dropped, and the events reported for them.</summary>
[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AdmissionTests
{
    private static readonly Handshake s_init = new()
    {
        Type = FrameType.Init,
        ReceiverIndex = 0,
        SenderIndex = 5,
        From = 2,
        To = 1,
        Incarnation = 7,
        Epoch = 1,
    };

    private readonly EventRecorder _events = new();

    [TestCase(0u, 0u, true, false, "Accept")]
    [TestCase(0u, 0u, false, false, "Reject KeyRequired")]
    [TestCase(0u, 0u, false, true, "Accept")]
    [TestCase(3u, 0u, true, true, "Reject KeyNotSupported")]
    [TestCase(0u, 3u, true, true, "Reject KeyNotSupported")]
    [TestCase(3u, 3u, true, true, "Reject KeyNotSupported")]
    public void Keys_are_evaluated(uint demanded, uint offered, bool hostLocal, bool allowed, string decision)
    {
        Assert.That(Evaluate(s_init with { KeyId = offered }, demanded, hostLocal, allowed), Is.EqualTo(decision));
        if (decision == "Accept")
            return;
        Assert.That(_events.Changes[^1].Kind, Is.EqualTo(PeerEventKind.Refused));
        Assert.That(_events.Changes[^1].Reason, Does.Contain("key"));
    }

    [Test]
    public void Wrong_own_and_unknown_ids_are_rejected_or_dropped()
    {
        Assert.That(Evaluate(s_init with { To = 8 }), Is.EqualTo("Reject WrongNode"));
        Assert.That(Evaluate(s_init with { From = 1 }), Is.EqualTo("Reject NodeIdConflict"));
        Assert.That(_events.Changes[^1].Kind, Is.EqualTo(PeerEventKind.NodeIdConflict));
        Assert.That(
            Evaluate(s_init with { From = 1, Incarnation = 1 }),
            Is.EqualTo("Drop"),
            "a route that leads back to this node"
        );
        Assert.That(Evaluate(s_init with { From = 3 }), Is.EqualTo("Drop"));
        Assert.That(_events.Changes[^1].Kind, Is.EqualTo(PeerEventKind.NotConfigured));
    }

    [Test]
    public void A_stopping_node_rejects_known_nodes_and_drops_unknown_ones()
    {
        Assert.That(Evaluate(s_init, closed: true), Is.EqualTo("Reject Stopping"));
        Assert.That(_events.Changes, Is.Empty);
        Assert.That(Evaluate(s_init with { From = 3 }, closed: true), Is.EqualTo("Drop"));
    }

    [Test]
    public void A_node_from_an_unexpected_address_is_rejected_and_reported()
    {
        Assert.That(Evaluate(s_init, kind: TransportKind.VSocket, contextId: 66), Is.EqualTo("Reject WrongSource"));
        Assert.That(
            _events.Changes[^1],
            Is.EqualTo(new PeerEvent(2, PeerEventKind.Refused, TransportKind.VSocket, "it is at 66"))
        );
        Assert.That(Evaluate(s_init, kind: TransportKind.VSocket, contextId: 3), Is.EqualTo("Accept"));
    }

    private string Evaluate(
        in Handshake init,
        uint demanded = 0,
        bool hostLocal = true,
        bool allowed = true,
        bool closed = false,
        TransportKind kind = TransportKind.Ip,
        uint? contextId = null
    )
    {
        Policy policy = new(demanded, allowed, closed);
        Peers peers = new(
            new SessionOptions { Node = 1, Incarnation = 1 },
            _events,
            new NodeStatistics(),
            policy,
            new MessageMemory(),
            static _ => 0,
            policy
        );
        peers.GetOrAdd(2);
        InitDecision decision = peers.Evaluate(0, init, kind, hostLocal, contextId, out RejectReason reason);
        return decision == InitDecision.Reject ? $"{decision} {reason}" : decision.ToString();
    }

    private sealed class Policy(uint key, bool allowed, bool closed) : IAdmission, IPeerDriverFactory, IPeerDriver
    {
        public bool IsClosed => closed;

        public uint RequiredKey(uint node) => key;

        public bool AllowsUnkeyed(TransportKind kind) => allowed;

        public string? FindSourceMismatch(uint node, TransportKind kind, uint? contextId) =>
            contextId == 66 ? "it is at 66" : null;

        public IPeerDriver Create(Peer peer) => this;

        public void OnPending() { }

        public void OnPathFinished(SessionPath path) { }

        public void OnChanged(in PeerEvent change) { }
    }
}
