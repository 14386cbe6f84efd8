using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>
/// A rolling upgrade: this release beside one that has more elements, capabilities and fields, or another version. The
/// other release is made up: what one of two nodes sends is changed on its way.
/// </summary>
[TestFixture]
public sealed class LaterVersionTests
{
    private const long Second = 1_000_000;
    private const uint Later = 1;
    private const uint Today = 2;
    private const ulong OptionalFeature = 1ul << 5;
    private const ulong RequiredFeature = 1ul << 40;

    private static readonly TransportKind[] s_kinds = [TransportKind.Ip, TransportKind.Socket];

    [Test]
    public void Unknown_elements_flags_and_fields_change_nothing(
        [ValueSource(nameof(s_kinds))] TransportKind kind,
        [Values(1, 2, 3)] int seed
    )
    {
        SimulatedNetwork network = new(seed)
        {
            Loss = 0.05,
            MaxDelay = 20_000,
            Rewrites = Extend,
            Keys = null,
        };
        (SimulatedNode later, SimulatedNode today) = network.StartPair(kind, WithOptionalFeature);
        for (int i = 0; i < 200; i++)
        {
            network.At(network.Now + (i * 5_000), () => later.SendNumbered(Today, 5, MessageClass.Reliable, 900));
            network.At(network.Now + (i * 5_000), () => today.SendNumbered(Later, 6, MessageClass.Reliable, 900));
        }

        Assert.That(
            network.RunUntil(
                () => today.Recorder.Messages.Count == 200 && later.Recorder.Messages.Count == 200,
                30 * Second
            ),
            Is.True,
            $"seed {seed}: {today.Recorder.Messages.Count} and {later.Recorder.Messages.Count} messages arrived"
        );
        foreach (SimulatedNode node in (SimulatedNode[])[later, today])
            Assert.That(
                node.Recorder.Messages.Select(static message => message.Sequence),
                Is.EqualTo(Enumerable.Range(0, 200).Select(static i => (ulong)i)),
                $"seed {seed}"
            );
        Assert.That(today.Statistics.UnknownElements, Is.GreaterThanOrEqualTo(400), $"seed {seed}");
        Assert.That(today.Statistics.MalformedFrames, Is.Zero, $"seed {seed}");
        Assert.That(today.Peer(Later).Paths.Single().PeerCapabilities, Is.EqualTo(OptionalFeature));
        Assert.That(later.Peer(Today).Paths.Single().PeerCapabilities, Is.Zero);

        SessionOptions WithOptionalFeature(SessionOptions options) =>
            options with
            {
                Capabilities = options.Node == Later ? OptionalFeature : 0,
            };
    }

    [Test]
    public void Frames_of_another_version_on_an_established_path_are_dropped_and_counted(
        [ValueSource(nameof(s_kinds))] TransportKind kind
    )
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (SimulatedNode later, SimulatedNode today) = network.StartPair(kind);
        SessionPath path = today.Peer(Later).Paths.Single();
        long malformed = today.Statistics.MalformedFrames;
        foreach (FrameType type in Enum.GetValues<FrameType>())
        {
            foreach (byte version in new byte[] { 0, 2, 255 })
                path.ReadFrame(network.Now, Foreign(version, type, path.LocalIndex));
        }

        Assert.That(
            today.Statistics.MalformedFrames - malformed,
            Is.EqualTo(3 * Enum.GetValues<FrameType>().Length),
            "counted"
        );
        later.SendNumbered(Today, 5, MessageClass.Reliable, 100);
        Assert.That(network.RunUntil(() => today.Recorder.Messages.Count == 1, 5 * Second), Is.True);
        Assert.That(today.Peer(Later).Paths.Single(), Is.SameAs(path), "the path goes on");
    }

    [Test]
    public void An_INIT_of_a_later_version_is_refused_in_words_of_this_one(
        [ValueSource(nameof(s_kinds))] TransportKind kind
    )
    {
        List<byte[]> answers = [];
        SimulatedNetwork network = new(1) { Keys = null };
        network.Rewrites = (from, frame) =>
        {
            if (from == Later)
                return InVersion2(frame);
            answers.Add(frame);
            return frame;
        };
        (SimulatedNode later, SimulatedNode today) = Start(network);
        later.Open(Today, kind);
        Assert.That(network.RunUntil(() => answers.Count > 0, Second), Is.True);
        network.Run(network.Now + 20_000);
        Assert.That(answers[0], Has.Length.LessThanOrEqualTo(WireFormat.Handshake), "not longer than the INIT");
        Assert.That(Reject.TryRead(answers[0], out Reject reject), Is.True);
        Assert.That((reject.Reason, reject.HighestVersion), Is.EqualTo((RejectReason.Version, WireFormat.Version)));
        Assert.That((reject.From, reject.To), Is.EqualTo((Today, Later)));
        Assert.That(reject.EchoedIncarnation, Is.EqualTo(later.Options.Incarnation));
        Assert.That(
            Refusals(today),
            Is.All.EqualTo(
                "it connects with version 2 of the protocol, this node speaks version 1 only: update this node"
            )
        );
        Assert.That(Refusals(today), Is.Not.Empty);
        Assert.That(today.Peer(Later).LastRefusal, Does.Contain("version 2"));
        Assert.That(today.Peer(Later).Paths, Is.Empty, "no state");
        Assert.That(Refusals(later)[0], Does.StartWith("the peer refused the handshake: Version (it speaks version 1"));
    }

    [Test]
    public void A_node_that_no_longer_speaks_this_version_is_named_as_such(
        [ValueSource(nameof(s_kinds))] TransportKind kind
    )
    {
        SimulatedNetwork network = new(1) { Keys = null };
        network.Rewrites = static (from, frame) => from == Later ? RefusalOf(frame) : frame;
        (SimulatedNode later, SimulatedNode today) = Start(network);
        today.Open(Later, kind);
        Assert.That(network.RunUntil(() => Refusals(today).Length > 0, Second), Is.True);
        Assert.That(
            Refusals(today)[0],
            Is.EqualTo(
                "the peer refused the handshake: Version (it speaks version 2 of the protocol only, this node "
                    + "speaks version 1: update this node)"
            )
        );
        Assert.That(today.Peer(Later).State, Is.EqualTo(PeerState.Connecting));
        Assert.That(later.IsDead, Is.False);
    }

    [Test]
    public void A_node_that_speaks_both_versions_connects_after_the_refusal(
        [ValueSource(nameof(s_kinds))] TransportKind kind
    )
    {
        bool isRefused = false;
        SimulatedNetwork network = new(1) { Keys = null };
        network.Rewrites = (from, frame) =>
        {
            isRefused |= from == Today && Reject.TryRead(frame, out Reject reject) && reject.HighestVersion == 1;
            return from == Later && !isRefused ? InVersion2(frame) : frame;
        };
        (SimulatedNode later, SimulatedNode today) = Start(network);
        later.Open(Today, kind);
        Assert.That(
            network.RunUntil(
                () => later.Peer(Today).State == PeerState.Connected && today.Peer(Later).State == PeerState.Connected,
                5 * Second
            ),
            Is.True
        );
        Assert.That(isRefused, Is.True, "it has tried the later version first");
    }

    [Test]
    public void A_node_without_a_route_gets_no_answer_in_any_version()
    {
        int answers = 0;
        SimulatedNetwork network = new(1) { Keys = null };
        network.Rewrites = (from, frame) =>
        {
            answers += from == Today ? 1 : 0;
            return from == Later ? InVersion2(frame) : frame;
        };
        SimulatedNode later = network.Start(Later, Today);
        SimulatedNode today = network.Start(Today);
        later.Open(Today, TransportKind.Ip);
        network.Run(3 * Second);
        Assert.That(answers, Is.Zero);
        Assert.That(
            today.Recorder.Changes.Select(static change => change.Kind),
            Is.All.EqualTo(PeerEventKind.NotConfigured)
        );
        Assert.That(today.Statistics.RefusedHandshakes, Is.GreaterThan(0), "counted");
    }

    [Test]
    public void What_is_shorter_than_an_INIT_or_names_nobody_is_none_in_any_version()
    {
        byte[] init = InVersion2(GoldenFrames.Version1["init"]);
        Assert.That(Handshake.TryReadInit(init, out Handshake read), Is.True);
        Assert.That((read.From, read.To, read.IsOfLaterVersion), Is.EqualTo((25011u, 250012u, true)));
        for (int length = 0; length < WireFormat.Handshake; length++)
            Assert.That(Handshake.TryReadInit(init.AsSpan(0, length), out _), Is.False, $"{length} bytes");
        foreach ((int at, int bytes) in new[] { (8, 4), (16, 4), (24, 8) })
        {
            byte[] zeroed = [.. init];
            zeroed.AsSpan(at, bytes).Clear();
            Assert.That(Handshake.TryReadInit(zeroed, out _), Is.False, $"the field at {at} is 0");
        }

        init[0] = 0;
        Assert.That(Handshake.TryReadInit(init, out _), Is.False, "an earlier version");
    }

    [Test]
    public void A_required_capability_that_the_other_does_not_know_is_refused_and_named_on_both_sides(
        [ValueSource(nameof(s_kinds))] TransportKind kind,
        [Values] bool opensLater
    )
    {
        SimulatedNetwork network = new(1) { Keys = null };
        SimulatedNode later = network.StartAt(Later, Later, WithFeatures, Today);
        SimulatedNode today = network.Start(Today, Later);
        (opensLater ? later : today).Open(opensLater ? Today : Later, kind);
        Assert.That(network.RunUntil(() => Refusals(later).Length > 0 && Refusals(today).Length > 0, Second), Is.True);
        Assert.That(
            Refusals(today)[0],
            Is.EqualTo("it requires the features 0x00000100, which this node does not know: update this node")
        );
        Assert.That(
            Refusals(later)[0],
            Is.EqualTo(
                "the peer refused the handshake: Unsupported (this node requires the features 0x00000100, which it "
                    + "does not know: update that one)"
            )
        );
        network.Run(network.Now + (7 * Second));
        Assert.That(later.Peer(Today).State, Is.EqualTo(PeerState.Connecting));
        Assert.That(today.Peer(Later).State, Is.EqualTo(PeerState.Connecting));
        Assert.That(
            later.Recorder.Changes.Concat(today.Recorder.Changes).Select(static change => change.Kind),
            Is.All.EqualTo(PeerEventKind.Refused)
        );
    }

    [Test]
    public void Two_nodes_that_know_a_required_capability_connect()
    {
        SimulatedNetwork network = new(1) { Keys = null };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip, WithFeatures);
        Assert.That(a.Peer(2).Paths.Single().PeerCapabilities, Is.EqualTo(OptionalFeature | RequiredFeature));
        Assert.That(b.Peer(1).Paths.Single().PeerCapabilities, Is.EqualTo(OptionalFeature | RequiredFeature));
    }

    private static (SimulatedNode Later, SimulatedNode Today) Start(SimulatedNetwork network) =>
        (network.Start(Later, Today), network.Start(Today, Later));

    private static SessionOptions WithFeatures(SessionOptions options) =>
        options with
        {
            Capabilities = OptionalFeature | RequiredFeature,
        };

    private static string[] Refusals(SimulatedNode node) =>
        [
            .. node
                .Recorder.Changes.Where(static change => change.Kind == PeerEventKind.Refused)
                .Select(static change => change.Reason),
        ];

    // The frame of the later node with more in it: reserved fields are used, elements of unknown types surround the
    // known ones, and handshakes have a cryptographic block and something behind it.
    private static byte[] Extend(uint from, byte[] frame)
    {
        if (from != Later)
            return frame;
        byte[] unknown = [200, 0xFF, 3, 0, 1, 2, 3];
        byte[] extended =
            frame[1] == (byte)FrameType.Data
                ? [.. frame[..WireFormat.DataHeader], .. unknown, .. frame[WireFormat.DataHeader..], .. unknown]
                : [.. frame, .. new byte[48]];
        extended[2] = extended[3] = 0xAA;
        if (frame[1] == (byte)FrameType.Data)
            return extended;
        BinaryPrimitives.WriteUInt16LittleEndian(extended.AsSpan(56), 40);
        extended.AsSpan(60).Fill(0xAA);
        return extended;
    }

    // An INIT of which only the places that every version has are the same.
    private static byte[] InVersion2(byte[] init)
    {
        byte[] frame = [.. init, .. new byte[100]];
        frame[0] = 2;
        frame.AsSpan(2, 2).Fill(0xAA);
        frame.AsSpan(12, 4).Fill(0xAA);
        frame.AsSpan(32).Fill(0xAA);
        return frame;
    }

    // What a node that speaks version 2 only answers instead of a RESPONSE.
    private static byte[] RefusalOf(byte[] response)
    {
        Assert.That(Handshake.TryRead(response, out Handshake read), Is.True);
        byte[] frame = new byte[WireFormat.Reject];
        new Reject(read.ReceiverIndex, read.From, read.To, read.PeerIncarnation, RejectReason.Version)
        {
            HighestVersion = 2,
        }.Write(frame);
        return frame;
    }

    private static byte[] Foreign(byte version, FrameType type, uint index)
    {
        byte[] frame = new byte[100];
        frame[0] = version;
        frame[1] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(4), index);
        return frame;
    }
}
