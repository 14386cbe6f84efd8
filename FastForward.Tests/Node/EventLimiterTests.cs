using FastForward.Transport;
using FastForward.Transport.Node;

namespace FastForward.Tests.Node;

/// <summary>The limits of events that remote processes can trigger.</summary>
[TestFixture]
public sealed class EventLimiterTests
{
    private EventLimiter _limiter = null!;

    [SetUp]
    public void SetUp() => _limiter = new EventLimiter();

    [Test]
    public void One_event_of_a_kind_and_node_passes_in_ten_seconds()
    {
        Assert.That(Passes(0, 1, PeerEventKind.Refused), Is.True);
        Assert.That(Passes(9_999_999, 1, PeerEventKind.Refused), Is.False);
        Assert.That(Passes(9_999_999, 1, PeerEventKind.NodeIdConflict), Is.True);
        Assert.That(Passes(10_000_000, 1, PeerEventKind.Refused), Is.True);
        Assert.That(
            Passes(10_000_000, 1, PeerEventKind.Lost) && Passes(10_000_000, 1, PeerEventKind.Lost),
            Is.True,
            "events that no remote process can trigger are never suppressed"
        );
    }

    [Test]
    public void A_permanent_mistake_is_reported_ever_more_rarely_until_the_node_is_connected()
    {
        const long second = 1_000_000;
        int passed = 0;
        for (long now = 0; now < 86_400 * second; now += 10 * second)
            passed += Passes(now, 1, PeerEventKind.Unusable) ? 1 : 0;
        Assert.That(passed, Is.InRange(24, 40), "of 8640 in a day");
        Assert.That(Passes(86_400 * second, 2, PeerEventKind.Unusable), Is.True, "another node");
        Assert.That(Passes(86_400 * second, 1, PeerEventKind.Unusable), Is.False);
        Passes(86_401 * second, 1, PeerEventKind.Connected);
        Assert.That(Passes(86_402 * second, 1, PeerEventKind.Unusable), Is.True, "it begins anew");
        Assert.That(Passes(86_403 * second, 1, PeerEventKind.Unusable), Is.False);
        Assert.That(Passes(86_412 * second, 1, PeerEventKind.Unusable), Is.True);
        Assert.That(Passes(86_500 * second, 1, PeerEventKind.Unusable), Is.True, "after a pause");
        Assert.That(Passes(86_510 * second, 1, PeerEventKind.Unusable), Is.True, "as at the first time");
    }

    [Test]
    public void A_flood_of_forged_ids_does_not_suppress_the_events_of_peers()
    {
        int passed = Enumerable.Range(1000, 100_000).Count(node => Passes(0, (uint)node, PeerEventKind.NotConfigured));
        Assert.That(passed, Is.LessThan(1000));
        Assert.That(Passes(1, 1, PeerEventKind.NodeIdConflict), Is.True);
        Assert.That(Passes(1, 1, PeerEventKind.Refused), Is.True);
        Assert.That(Passes(30_000_000, 7, PeerEventKind.NotConfigured), Is.True, "after the flood");
    }

    private bool Passes(long now, uint node, PeerEventKind kind) =>
        _limiter.Passes(now, new PeerEvent(node, kind, null, "test"));
}
