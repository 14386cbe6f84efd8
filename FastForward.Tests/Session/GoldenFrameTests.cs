using System.Buffers.Binary;
using FastForward.Transport.Session;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session;

/// <summary>Every frame type and element of version 1, byte for byte.</summary>
[TestFixture]
public sealed class GoldenFrameTests
{
    private const ulong Stream = 0x0102030405060708;
    private const uint Index = 0x11223344;

    private static readonly Handshake s_init = new()
    {
        Type = FrameType.Init,
        ReceiverIndex = 0,
        SenderIndex = 0x55667788,
        From = 25011,
        To = 250012,
        Incarnation = 0x1111222233334444,
        Epoch = 3,
        Timestamp = 0x0A0B0C0D,
        ProbeMillis = 1000,
    };

    private static readonly Reject s_reject = new(
        0x55667788,
        250012,
        25011,
        0x1111222233334444,
        RejectReason.NodeIdConflict
    );

    private static readonly Reject s_otherVersion = s_reject with
    {
        Reason = RejectReason.Version,
        HighestVersion = WireFormat.Version,
    };

    private static readonly Reject s_unsupported = s_reject with
    {
        Reason = RejectReason.Unsupported,
        UnknownCapabilities = 0x80000100,
    };

    private delegate void Fill(ref FrameWriter writer);

    private static readonly Dictionary<string, Fill> s_elements = new()
    {
        ["message-begin"] = static (ref FrameWriter writer) =>
            writer.WriteMessage(Stream, 0, MessageBits.Begin, "hello"u8),
        ["message-end"] = static (ref FrameWriter writer) => writer.WriteMessage(Stream, 7, MessageBits.End, "bye"u8),
        ["end-mark"] = static (ref FrameWriter writer) =>
            writer.WriteMessage(Stream, 8, MessageBits.End | MessageBits.Mark, default),
        ["fragment-more"] = static (ref FrameWriter writer) =>
            writer.WriteFragment(Stream, 9, MessageBits.More, 0, "part"u8),
        ["fragment-last"] = static (ref FrameWriter writer) =>
            writer.WriteFragment(Stream, 9, MessageBits.None, 4, "rest"u8),
        ["real-time"] = static (ref FrameWriter writer) =>
            writer.WriteRealTime(Stream, 10, MessageBits.None, 300, 1600, "voice"u8),
        ["real-time-repeat"] = static (ref FrameWriter writer) =>
            writer.WriteRealTime(Stream, 10, MessageBits.Repeat, 300, 64_000, "voice"u8),
        ["stream-ack"] = static (ref FrameWriter writer) => writer.WriteStreamAck(Stream, 11, 12, 0x100000),
        ["credit"] = static (ref FrameWriter writer) => writer.WriteCredit(0x400000),
        ["probe"] = static (ref FrameWriter writer) => writer.WriteProbe(77),
        ["probe-reply"] = static (ref FrameWriter writer) => writer.WriteProbeReply(77, 1234),
        ["close-association"] = static (ref FrameWriter writer) => writer.WriteClose(true, CloseReason.Stopping),
        ["close-path"] = static (ref FrameWriter writer) => writer.WriteClose(false, CloseReason.Redundant),
        ["stream-reset"] = static (ref FrameWriter writer) => writer.WriteStreamReset(Stream, 13, 99),
        ["stream-refused"] = static (ref FrameWriter writer) => writer.WriteStreamRefused(Stream, 0, 14),
        ["ack"] = static (ref FrameWriter writer) => writer.WriteAck(0x1122334455, 1234, [0b1011, 1ul << 63]),
        ["transit-report"] = static (ref FrameWriter writer) =>
            writer.WriteTransitReport(new TransitReport(0x11223344, 1_600, 3_200, 6_400_000)),
        ["path-challenge"] = static (ref FrameWriter writer) => writer.WritePathChallenge(0x1122334455667788),
        ["path-response"] = static (ref FrameWriter writer) =>
            writer.WritePathResponse(0x1122334455667788, 0x99AABBCC, 0xDDEEFF00),
        ["path-challenge-same-path"] = static (ref FrameWriter writer) =>
            writer.WritePathChallenge(0x1122334455667788, samePath: true),
        ["path-response-same-path"] = static (ref FrameWriter writer) =>
            writer.WritePathResponse(0x1122334455667788, 0x99AABBCC, 0xDDEEFF00, samePath: true),
        ["several-elements"] = static (ref FrameWriter writer) =>
        {
            writer.WriteProbeReply(77, 1234);
            writer.WriteCredit(0x400000);
            writer.WriteMessage(Stream, 0, MessageBits.Begin, "hello"u8);
        },
    };

    public static IEnumerable<string> Names => GoldenFrames.Version1.Keys;

    public static IEnumerable<string> NamesWithoutKey => Names.Except(GoldenFrames.WithKey);

    [TestCaseSource(nameof(NamesWithoutKey))]
    public void Written_frames_equal_the_golden_frames(string name)
    {
        byte[] buffer = new byte[1200];
        Random.Shared.NextBytes(buffer); // the content of a claimed span is undefined
        Assert.That(
            Convert.ToHexString(buffer.AsSpan(0, Write(name, buffer))),
            Is.EqualTo(Convert.ToHexString(GoldenFrames.Version1[name]))
        );
    }

    [Test]
    public void All_frame_and_element_types_are_covered()
    {
        Assert.That(
            s_elements.Keys.Concat(["init", "response", "confirm", "reject", "reject-version", "reject-unsupported"]),
            Is.EquivalentTo(Names.Where(static name => !GoldenFrames.WithKey.Contains(name)))
        );
        IEnumerable<ElementType> types = GoldenFrames
            .Version1.Where(static frame => frame.Value[1] == (byte)FrameType.Data && frame.Key != "sealed")
            .Select(static frame => frame.Value)
            .Select(static frame => (ElementType)frame[WireFormat.DataHeader])
            .Distinct();
        Assert.That(
            types,
            Is.EquivalentTo(Enum.GetValues<ElementType>().Where(static type => type != ElementType.Padding))
        );
    }

    [Test]
    public void Handshakes_and_rejections_can_be_read_back()
    {
        Assert.That(Handshake.TryRead(GoldenFrames.Version1["init"], out Handshake init), Is.True);
        Assert.That(init, Is.EqualTo(s_init));
        Assert.That(Handshake.TryRead(GoldenFrames.Version1["response"], out Handshake response), Is.True);
        Assert.That(response, Is.EqualTo(Answer(FrameType.Response)));
        Assert.That(Handshake.TryRead(GoldenFrames.Version1["confirm"], out Handshake confirm), Is.True);
        Assert.That(confirm, Is.EqualTo(Answer(FrameType.Confirm)));
        Assert.That(Reject.TryRead(GoldenFrames.Version1["reject"], out Reject reject), Is.True);
        Assert.That(reject, Is.EqualTo(s_reject));
        Assert.That(Reject.TryRead(GoldenFrames.Version1["reject-version"], out reject), Is.True);
        Assert.That(reject, Is.EqualTo(s_otherVersion));
        Assert.That(Reject.TryRead(GoldenFrames.Version1["reject-unsupported"], out reject), Is.True);
        Assert.That(reject, Is.EqualTo(s_unsupported));
    }

    [Test]
    public void A_rejection_of_another_version_type_or_length_is_none()
    {
        byte[] golden = GoldenFrames.Version1["reject"];
        byte[] version = [.. golden],
            type = [.. golden];
        version[0]++;
        type[1] = (byte)FrameType.Init;
        foreach (byte[] frame in (byte[][])[version, type, golden[..^1], []])
            Assert.That(Reject.TryRead(frame, out _), Is.False, Convert.ToHexString(frame));
    }

    [Test]
    public void An_end_mark_costs_no_credit()
    {
        PartialMessage waiting = new();
        Assert.That(waiting.CreditWith(Message("end-mark")), Is.Zero);
        Assert.That(waiting.CreditWith(Message("message-end")), Is.EqualTo(3 + WireFormat.CreditPerMessage));
    }

    [Test]
    public void Messages_can_be_read_back()
    {
        MessageElement whole = Message("message-end");
        Assert.That((whole.Stream, whole.Sequence, whole.Bits), Is.EqualTo((Stream, 7u, MessageBits.End)));
        Assert.That(whole.Payload.ToArray(), Is.EqualTo("bye"u8.ToArray()));
        MessageElement part = Message("fragment-last");
        Assert.That((part.IsFragment, part.HasMore, part.Offset), Is.EqualTo((true, false, 4)));
        Assert.That(part.Payload.ToArray(), Is.EqualTo("rest"u8.ToArray()));
        MessageElement voice = Message("real-time");
        Assert.That((voice.IsRealTime, voice.Budget, voice.Sequence), Is.EqualTo((true, 300_000L, 10u)));
        Assert.That(voice.Payload.ToArray(), Is.EqualTo("voice"u8.ToArray()));
        Assert.That(Message("end-mark").IsMark, Is.True);
    }

    [Test]
    public void A_frame_with_several_elements_and_padding_is_read_to_its_end()
    {
        byte[] body =
        [
            .. GoldenFrames.Version1["probe"].AsSpan(WireFormat.DataHeader),
            0,
            0,
            0,
            .. GoldenFrames.Version1["credit"].AsSpan(WireFormat.DataHeader),
            0,
        ];
        ElementReader reader = new(body);
        List<ElementType> types = [];
        while (reader.Next())
            types.Add(reader.Type);
        Assert.That(types, Is.EqualTo(new[] { ElementType.Probe, ElementType.Credit }));
        Assert.That(reader.IsMalformed, Is.False);
    }

    [Test]
    public void Unknown_capabilities_and_the_cryptographic_block_of_later_versions_are_ignored()
    {
        byte[] frame = [.. GoldenFrames.Version1["init"], .. new byte[40]];
        frame.AsSpan(40, 8).Fill(0xFF);
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(56), 40);
        Assert.That(Handshake.TryRead(frame, out Handshake init), Is.True);
        Assert.That(init with { Capabilities = 0 }, Is.EqualTo(s_init));
        BinaryPrimitives.WriteUInt16LittleEndian(frame.AsSpan(56), 41);
        Assert.That(Handshake.TryRead(frame, out _), Is.False, "the block would end outside the frame");
    }

    private static Handshake Answer(FrameType type) =>
        s_init with
        {
            Type = type,
            ReceiverIndex = Index,
            PeerIncarnation = 0x5555666677778888,
        };

    private static MessageElement Message(string name)
    {
        ElementReader reader = new(GoldenFrames.Version1[name].AsSpan(WireFormat.DataHeader));
        Assert.That(reader.Next(), Is.True);
        Assert.That(MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement message), Is.True);
        return message;
    }

    private static int Write(string name, Span<byte> buffer)
    {
        switch (name)
        {
            case "init":
                s_init.Write(buffer);
                return WireFormat.Handshake;
            case "response":
                Answer(FrameType.Response).Write(buffer);
                return WireFormat.Handshake;
            case "confirm":
                Answer(FrameType.Confirm).Write(buffer);
                return WireFormat.Handshake;
            case "reject":
                s_reject.Write(buffer);
                return WireFormat.Reject;
            case "reject-version":
                s_otherVersion.Write(buffer);
                return WireFormat.Reject;
            case "reject-unsupported":
                s_unsupported.Write(buffer);
                return WireFormat.Reject;
            default:
                FrameWriter writer = new(buffer);
                s_elements[name](ref writer);
                writer.WriteHeader(Index, 5, 0x01020304);
                return writer.Length;
        }
    }
}
