using System.Diagnostics.Metrics;
using FastForward.Tests.Node;
using FastForward.Transport;
using FastForward.Transport.Diagnostics;
using FastForward.Transport.Registry.Tarantool;

namespace FastForward.Tests.DependencyInjection;

/// <summary>
/// The measurements of the meter, compared with the traffic and with the table in docs/operations.md.
/// </summary>
[TestFixture]
public sealed class ForwardMetricsTests
{
    [Test]
    public void The_documentation_lists_exactly_the_instruments()
    {
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics(peerDetails: true));
        using TarantoolRegistry registry = new(new TarantoolRegistryOptions { Servers = ["192.0.2.1"] });
        metrics.Add(registry);
        using NodeWorld world = new();
        (TestNode a, TestNode b) = world.Pair(TransportKind.Ip, metrics: metrics);
        world.Until(
            () => a.Node.GetPeer(b.Id)!.RoundTrip is not null && b.Node.GetPeer(a.Id)!.RoundTrip is not null,
            "both measured"
        );
        recording.Observe();

        string[][] documented =
        [
            .. File.ReadAllLines(Path.Combine(SourceTree.Root, "docs", "operations.md"))
                .Where(static line => line.StartsWith("| `fastforward.", StringComparison.Ordinal))
                .Where(static line => !line.StartsWith("| `fastforward.service.", StringComparison.Ordinal))
                .Select(static line =>
                    line.Split('|').Skip(1).Take(4).Select(static cell => cell.Replace("`", "").Trim()).ToArray()
                ),
        ];
        Assert.That(documented, Has.Length.GreaterThan(20));
        Assert.That(
            recording.Instruments.Select(instrument =>
                $"{instrument.Name} {KindOf(instrument)} {instrument.Unit} {TagsOf(instrument)}"
            ),
            Is.EquivalentTo(
                documented.Select(static row =>
                    $"{row[0]} {row[1]} {row[2]} {string.Join(", ", row[3].Split(", ").Order())}"
                )
            )
        );

        string TagsOf(Instrument instrument) =>
            string.Join(
                ", ",
                recording
                    .Of(instrument.Name)
                    .SelectMany(static series => series.Tags.Keys)
                    .Distinct()
                    .Where(static tag => tag != MetricTags.Node)
                    .Order()
            );
    }

    [Test]
    public void Without_details_a_peer_has_seven_series()
    {
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics());
        using NodeWorld world = new();
        (TestNode a, TestNode b) = world.Pair(TransportKind.Ip, metrics: metrics);
        world.Until(() => a.Node.GetPeer(b.Id)!.RoundTrip is not null, "measured");
        recording.Observe();
        Assert.That(
            recording.All.Count(series =>
                series.Tags[MetricTags.Node]!.Equals((long)a.Id)
                && series.Tags.TryGetValue(MetricTags.Peer, out object? peer)
                && peer!.Equals((long)b.Id)
            ),
            Is.EqualTo(7)
        );
        Assert.That(recording.Value("fastforward.node.events", a.Id, "connected"), Is.EqualTo(1));
    }

    [Test]
    public void The_values_of_the_tags_are_documented()
    {
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics(peerDetails: true));
        using NodeWorld world = new();
        world.Pair(TransportKind.Ip, metrics: metrics);
        world.Pair(TransportKind.Socket, metrics: metrics, first: 3, second: 4);
        recording.Observe();
        string text = File.ReadAllText(Path.Combine(SourceTree.Root, "docs", "operations.md"));
        string[] words =
        [
            .. recording
                .All.SelectMany(static series => series.Tags)
                .Where(static tag => tag.Value is string)
                .Select(static tag => (string)tag.Value!)
                .Distinct(),
        ];
        Assert.That(words, Has.Length.GreaterThan(25));
        Assert.That(words.Where(word => !text.Contains($"`{word}`", StringComparison.Ordinal)), Is.Empty);
    }

    [Test]
    public void Messages_bytes_and_frames_are_counted_for_peer_and_transport()
    {
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics(peerDetails: true));
        using NodeWorld world = new();
        (TestNode a, TestNode b) = world.Pair(TransportKind.Socket, metrics: metrics);
        for (int i = 0; i < 10; i++)
            a.Node.Send(b.Id, 1, MessageClass.Reliable, "voice"u8);
        a.Node.Send(a.Id, 1, MessageClass.Reliable, "own"u8);
        world.Until(() => b.Messages.Count == 10 && a.Messages.Count == 1, "the messages");
        recording.Observe();
        Assert.Multiple(() =>
        {
            Assert.That(recording.Value("fastforward.peer.messages", a.Id, b.Id, "transmit"), Is.EqualTo(10));
            Assert.That(recording.Value("fastforward.peer.io", a.Id, b.Id, "transmit"), Is.EqualTo(50));
            Assert.That(recording.Value("fastforward.peer.messages", b.Id, a.Id, "receive"), Is.EqualTo(10));
            Assert.That(recording.Value("fastforward.peer.io", b.Id, a.Id, "receive"), Is.EqualTo(50));
            Assert.That(
                recording.Value("fastforward.peer.messages", a.Id, a.Id, "transmit"),
                Is.EqualTo(1),
                "to itself"
            );
            Assert.That(recording.Value("fastforward.peer.io", a.Id, a.Id, "receive"), Is.EqualTo(3), "to itself");
            Assert.That(recording.Value("fastforward.peer.events", a.Id, b.Id, "connected"), Is.EqualTo(1));
            Assert.That(recording.Value("fastforward.peers", a.Id, "connected"), Is.EqualTo(1));
            Assert.That(
                recording.Value("fastforward.peer.frames", a.Id, b.Id, "transmit"),
                Is.EqualTo(a.Node.Statistics.FramesSent)
            );
            Assert.That(
                recording.Value("fastforward.transport.frames", a.Id, "unix", "transmit"),
                Is.EqualTo(a.Socket.Statistics.FramesSent)
            );
            Assert.That(
                recording.Value("fastforward.transport.io", a.Id, "unix", "receive"),
                Is.EqualTo(a.Socket.Statistics.BytesReceived).And.Positive
            );
            Assert.That(recording.Value("fastforward.peer.send_store.limit", a.Id, b.Id), Is.EqualTo(4 << 20));
            Assert.That(recording.Value("fastforward.loop.cycles", a.Id), Is.Positive);
        });
    }

    [Test]
    public void Undelivered_messages_are_counted_by_reason_and_a_removed_peer_disappears()
    {
        using MeterRecording recording = new();
        using ForwardMetrics metrics = recording.Listen(static () => new ForwardMetrics(peerDetails: true));
        using NodeWorld world = new();
        (TestNode a, TestNode b) = world.Pair(TransportKind.Socket, metrics: metrics);
        b.Node.Dispose();
        world.Until(() => !a.IsConnectedTo(b), "b is gone");
        for (int i = 0; i < 3; i++)
            a.Node.Send(b.Id, 9, MessageClass.Reliable, "waits"u8);
        recording.Observe();
        Assert.That(recording.Value("fastforward.peer.send_store.usage", a.Id, b.Id), Is.EqualTo(3 * (5 + 64)));
        Assert.That(
            recording.All.Any(series => series.Tags[MetricTags.Node]!.Equals((long)b.Id)),
            Is.False,
            "a node that ended has no series"
        );
        a.Node.ResetStream(b.Id, 9, 0);
        recording.Observe();
        Assert.That(recording.Value("fastforward.peer.undelivered", a.Id, b.Id, "stream_reset"), Is.EqualTo(3));
        Assert.That(recording.Value("fastforward.peer.events", a.Id, b.Id, "lost"), Is.EqualTo(1));
        a.RemoveRoutes();
        world.Until(() => a.Node.GetPeers().Count == 0, "the route is gone");
        recording.Observe();
        Assert.That(recording.Of("fastforward.peer.send_store.usage"), Is.Empty);
    }

    [Test]
    public void A_factory_owns_the_meter_that_it_created()
    {
        using RecordingFactory factory = new();
        using (ForwardMetrics metrics = new(factory))
        {
            Assert.That(factory.Made!.Name, Is.EqualTo("FastForward.Transport"));
        }

        Assert.That(factory.Made.Disposed, Is.False);
    }

    private static string KindOf(Instrument instrument) =>
        instrument.GetType().Name.Replace("Observable", "", StringComparison.Ordinal).Split('`')[0];

    private sealed class RecordingFactory : IMeterFactory
    {
        public TestMeter? Made { get; private set; }

        public Meter Create(MeterOptions options) => Made = new TestMeter(options);

        public void Dispose() => Made?.Dispose();
    }

    private sealed class TestMeter(MeterOptions options) : Meter(options)
    {
        public bool Disposed { get; private set; }

        protected override void Dispose(bool disposing)
        {
            Disposed = true;
            base.Dispose(disposing);
        }
    }
}
