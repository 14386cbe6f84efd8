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

    [Test]
    public void A_refusal_of_the_rules_is_rejected_and_reported()
    {
        Admission refusal = Admission.Refused(RejectReason.WrongSource);
        Assert.That(Evaluate(s_init, refusal), Is.EqualTo("Reject WrongSource"));
        Assert.That(
            _events.Changes,
            Is.EqualTo(new[] { new PeerEvent(2, PeerEventKind.Refused, TransportKind.Ip, "it is elsewhere") })
        );
    }

    [Test]
    public void The_version_of_a_node_is_told_to_nobody_who_is_not_admitted()
    {
        Handshake later = s_init with { Version = 2, Epoch = 0 };
        Assert.That(Evaluate(later), Is.EqualTo("Reject Version"));
        Admission refusal = Admission.Refused(RejectReason.WrongSource);
        Assert.That(Evaluate(later, refusal), Is.EqualTo("Reject WrongSource"));
        Assert.That(Evaluate(later, Admission.Undecided), Is.EqualTo("Wait"));
        Assert.That(Evaluate(later with { From = 3 }), Is.EqualTo("Drop"));
        Handshake demanding = s_init with { Capabilities = 1ul << 63 };
        Assert.That(Evaluate(demanding), Is.EqualTo("Reject Unsupported"));
        Assert.That(Evaluate(demanding, refusal), Is.EqualTo("Reject WrongSource"));
    }

    [Test]
    public void An_undecided_source_gets_no_answer() =>
        Assert.That(Evaluate(s_init, Admission.Undecided), Is.EqualTo("Wait"));

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
        Admission stopping = Admission.Refused(RejectReason.Stopping);
        Assert.That(Evaluate(s_init, stopping), Is.EqualTo("Reject Stopping"));
        Assert.That(_events.Changes, Is.Empty);
        Assert.That(Evaluate(s_init with { From = 3 }, stopping), Is.EqualTo("Drop"));
    }

    private string Evaluate(in Handshake init, Admission admission = default)
    {
        Policy policy = new(admission);
        Peers peers = new(
            new SessionOptions { Node = 1, Incarnation = 1 },
            _events,
            new NodeStatistics(),
            policy,
            new MessageMemory(),
            new SessionRandom(static _ => 0, static () => 1),
            NoKeys.Instance,
            policy
        );
        peers.GetOrAdd(2);
        LinkSource source = SimulatedLink.PlaceOf(2);
        InitDecision decision = peers.Evaluate(0, init, TransportKind.Ip, true, source, out Reject refusal);
        return decision == InitDecision.Reject ? $"{decision} {refusal.Reason}" : decision.ToString();
    }

    private sealed class Policy(Admission admission) : IAdmission, IPeerDriverFactory, IPeerDriver
    {
        public Admission Evaluate(uint node, uint keyId, TransportKind kind, bool hostLocal, in LinkSource source) =>
            admission;

        public bool IsLikely(uint node, TransportKind kind, bool hostLocal, in LinkSource source) =>
            admission.IsGranted;

        public string? Explain(uint node, RejectReason reason, TransportKind kind, in LinkSource source) =>
            reason == RejectReason.WrongSource ? "it is elsewhere" : null;

        public IPeerDriver Create(Peer peer) => this;

        public void OnPending() { }

        public void OnPathFinished(SessionPath path) { }

        public PathWay WayOf(SessionPath path) => new(path.Kind);

        public int RankOf(SessionPath path) => PathRank.Unrouted;

        public void OnChanged(in PeerEvent change) =>
            Assert.Fail($"a refused claim must not change what is known of the node: {change}");
    }
}
