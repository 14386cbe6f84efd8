using System.Buffers.Binary;
using FastForward.Transport;
using FastForward.Transport.Session.Wire;

namespace FastForward.Tests.Session.Wireshark;

/// <summary>
/// The dissector and the session read the same frames: those of an association with losses, and mutated ones.
/// </summary>
[TestFixture]
public sealed class DissectedAssociationTests : TsharkFixture
{
    private const long Second = 1_000_000;
    private const string Malformed = "fastforward.malformed.element";

    private static readonly string[] s_fields =
    [
        .. Tshark.Failures,
        "fastforward.malformed.frame",
        Malformed,
        "fastforward.unknown.element",
        "fastforward.type",
        "fastforward.from",
        "fastforward.to",
        "fastforward.packet_number",
        "fastforward.element.type",
        "fastforward.stream",
        "fastforward.sequence",
        "fastforward.message.offset",
        "fastforward.message.payload",
        "fastforward.ack.first",
        "fastforward.ack.last",
    ];

    private static readonly Dictionary<ElementType, int> s_lengths = new()
    {
        [ElementType.Message] = WireFormat.MessageHeader,
        [ElementType.StreamAck] = WireFormat.StreamAck,
        [ElementType.Credit] = WireFormat.Credit,
        [ElementType.Probe] = WireFormat.Probe,
        [ElementType.ProbeReply] = WireFormat.ProbeReply,
        [ElementType.Close] = WireFormat.Close,
        [ElementType.StreamReset] = WireFormat.StreamReset,
        [ElementType.StreamRefused] = WireFormat.StreamRefused,
        [ElementType.Ack] = WireFormat.Ack,
        [ElementType.TransitReport] = WireFormat.TransitReport,
        [ElementType.PathChallenge] = WireFormat.PathChallenge,
        [ElementType.PathResponse] = WireFormat.PathResponse,
    };

    [Test]
    public void Every_frame_of_an_association_with_losses_is_shown_as_the_session_reads_it()
    {
        const int Seed = 14;
        List<(uint From, uint To, byte[] Frame)> frames = Record(Seed);
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            capture =>
            {
                foreach ((uint from, uint to, byte[] frame) in frames)
                    capture.Add(frame, from, to);
            },
            s_fields
        );
        Assert.That(packets, Has.Count.EqualTo(frames.Count), $"seed {Seed}");
        Dictionary<string, int> seen = [];
        foreach (((uint from, uint to, byte[] frame), Dictionary<string, string[]> packet) in frames.Zip(packets))
        {
            string text = $"seed {Seed}: {Convert.ToHexString(frame)}";
            foreach (string field in s_fields.TakeWhile(static field => field != "fastforward.type"))
                Assert.That(packet[field], Is.Empty, $"{field}, {text}");
            Assert.That(packet["fastforward.type"], Is.EqualTo(new[] { $"{frame[1]}" }), text);
            Assert.That(packet["fastforward.from"], Is.EqualTo(new[] { $"{from}" }), text);
            Assert.That(packet["fastforward.to"], Is.EqualTo(new[] { $"{to}" }), text);
            if (frame[1] != (byte)FrameType.Data)
                continue;
            Dictionary<string, List<string>> expected = ReadAsSession(frame);
            foreach ((string field, List<string> values) in expected)
            {
                Assert.That(packet[field].Except(["0"]), Is.EqualTo(values.Except(["0"])), $"{field}, {text}");
                seen[field] = seen.GetValueOrDefault(field) + values.Count;
            }

            foreach (string type in expected["fastforward.element.type"])
                seen[type] = seen.GetValueOrDefault(type) + 1;
        }

        foreach (string field in s_fields.SkipWhile(static field => field != "fastforward.packet_number"))
            Assert.That(seen.GetValueOrDefault(field), Is.GreaterThan(10), $"seed {Seed}: {field}");
        foreach (ElementType type in s_lengths.Keys.Where(static type => type < ElementType.PathChallenge))
            Assert.That(seen.GetValueOrDefault($"{(int)type}"), Is.GreaterThan(0), $"seed {Seed}: {type}");
    }

    [Test]
    public void Mutated_frames_break_nothing_and_are_malformed_where_the_session_says_so([Values(1, 2)] int seed)
    {
        Random random = new(seed);
        byte[][] mutants = [.. Enumerable.Range(0, 1000).Select(_ => Mutant(random))];
        List<Dictionary<string, string[]>> packets = Tshark.Read(
            capture =>
            {
                foreach (byte[] mutant in mutants)
                    capture.Add(mutant);
            },
            [.. s_fields, "frame.protocols"]
        );
        Assert.That(packets, Has.Count.EqualTo(mutants.Length), $"seed {seed}");
        int malformed = 0;
        foreach ((byte[] mutant, Dictionary<string, string[]> packet) in mutants.Zip(packets))
        {
            string text = $"seed {seed}: {Convert.ToHexString(mutant)}";
            foreach (string field in Tshark.Failures)
                Assert.That(packet[field], Is.Empty, $"{field}, {text}");
            Assert.That(packet["frame.protocols"].Single(), Does.EndWith(":fastforward").Or.EndWith(":udp"), text);
            if (IsMalformed(mutant) is not { } isMalformed)
                continue;
            malformed += isMalformed ? 1 : 0;
            Assert.That(
                packet[Malformed].Length + packet["fastforward.malformed.frame"].Length > 0,
                Is.EqualTo(isMalformed),
                text
            );
        }

        Assert.That(malformed, Is.InRange(100, 900), $"seed {seed}");
    }

    // Two nodes exchange everything that there is between two of equal strength.
    private static List<(uint From, uint To, byte[] Frame)> Record(int seed)
    {
        List<(uint, uint, byte[])> frames = [];
        SimulatedNetwork network = new(seed)
        {
            Keys = null,
            MaxDelay = 40_000,
            Loss = 0.1,
            Duplication = 0.05,
            Capture = (from, to, frame) => frames.Add((from, to, frame)),
        };
        (SimulatedNode a, SimulatedNode b) = network.StartPair(TransportKind.Ip);
        for (int i = 0; i < 200; i++)
        {
            network.At(
                network.Now + (i * 10_000),
                () =>
                {
                    a.SendNumbered(2, 0x0001_0000_0000_0005, MessageClass.RealTime, network.Random.Next(8, 300));
                    b.SendNumbered(1, 0x8001_0000_0000_0005, MessageClass.Reliable, network.Random.Next(8, 9000));
                }
            );
        }

        network.Run(network.Now + (5 * Second));
        a.Send(2, 7, MessageClass.Reliable, "the last"u8, end: true);
        a.Send(2, 8, MessageClass.RealTime, default, end: true);
        a.Peer(2).Ping(network.Now, Second, 100, static _ => { });
        b.Recorder.Held = new();
        a.Send(2, 9, MessageClass.Reliable, "refused"u8);
        a.Send(2, 10, MessageClass.Reliable, "reset"u8);
        network.Run(network.Now + Second);
        b.Peer(1).Refuse(network.Now, b.Recorder.Held.First(), 0);
        a.ResetStream(2, 10, 77);
        network.Run(network.Now + (5 * Second));
        a.RemoveRoute(2);
        network.Run(network.Now + Second);
        return frames;
    }

    private static Dictionary<string, List<string>> ReadAsSession(byte[] frame)
    {
        Dictionary<string, List<string>> values = s_fields
            .SkipWhile(static field => field != "fastforward.packet_number")
            .ToDictionary(static field => field, static _ => new List<string>());
        Add("packet_number", $"{BinaryPrimitives.ReadUInt64LittleEndian(frame.AsSpan(8))}");
        ElementReader reader = new(frame.AsSpan(WireFormat.DataHeader));
        while (reader.Next())
        {
            ReadOnlySpan<byte> body = reader.Body;
            Add("element.type", $"{(int)reader.Type}");
            switch (reader.Type)
            {
                case ElementType.Message:
                    Assert.That(MessageElement.TryRead(reader.Bits, body, out MessageElement message), Is.True);
                    Add("stream", $"0x{message.Stream:x16}");
                    Add("sequence", $"{message.Sequence}");
                    if (message.IsFragment)
                        Add("message.offset", $"{message.Offset}");
                    if (!message.Payload.IsEmpty)
                        Add("message.payload", Convert.ToHexString(message.Payload).ToLowerInvariant());
                    break;
                case ElementType.StreamAck or ElementType.StreamRefused or ElementType.StreamReset:
                    Add("stream", $"0x{BinaryPrimitives.ReadUInt64LittleEndian(body):x16}");
                    if (reader.Type == ElementType.StreamReset)
                        Add("sequence", $"{BinaryPrimitives.ReadUInt32LittleEndian(body[8..])}");
                    break;
                case ElementType.Ack:
                    foreach ((ulong first, ulong last) in Ranges(body))
                    {
                        Add("ack.first", $"{first}");
                        Add("ack.last", $"{last}");
                    }

                    break;
            }
        }

        Assert.That(reader.IsMalformed, Is.False);
        return values;

        void Add(string field, string value) => values[$"fastforward.{field}"].Add(value);
    }

    // From the highest down.
    private static List<(ulong First, ulong Last)> Ranges(ReadOnlySpan<byte> body)
    {
        ulong largest = BinaryPrimitives.ReadUInt64LittleEndian(body);
        List<(ulong First, ulong Last)> ranges = [(largest, largest)];
        ReadOnlySpan<byte> bitmap = body[12..];
        for (int i = 0; i < bitmap.Length * 8; i++)
        {
            if ((bitmap[i / 8] & (1 << (i % 8))) == 0)
                continue;
            ulong number = largest - 1 - (ulong)i;
            if (ranges[^1].First == number + 1)
                ranges[^1] = (number, ranges[^1].Last);
            else
                ranges.Add((number, number));
        }

        return ranges;
    }

    // Null for a frame of another version or type, and for several frames in one datagram.
    private static bool? IsMalformed(byte[] frame)
    {
        if (frame.Length < WireFormat.CommonHeader)
            return frame.Length > 0 ? true : null;
        if (frame[0] != WireFormat.Version)
            return null;
        switch ((FrameType)frame[1])
        {
            case FrameType.Init or FrameType.Response or FrameType.Confirm:
                return !Handshake.TryRead(frame, out _);
            case FrameType.Reject:
                return !Reject.TryRead(frame, out _);
            case FrameType.Data:
                if (frame.Length < WireFormat.DataHeader)
                    return true;
                ElementReader reader = new(frame.AsSpan(WireFormat.DataHeader));
                bool isMalformed = false;
                while (reader.Next())
                {
                    if (reader is { Type: ElementType.Message, Bits: (byte)MessageBits.RealTime, Body.IsEmpty: true })
                        return null;
                    isMalformed |=
                        reader.Body.Length + WireFormat.ElementHeader < s_lengths.GetValueOrDefault(reader.Type)
                        || (
                            reader.Type == ElementType.Message
                            && !MessageElement.TryRead(reader.Bits, reader.Body, out _)
                        );
                }

                return isMalformed || reader.IsMalformed;
            default:
                return null;
        }
    }

    private static byte[] Mutant(Random random)
    {
        byte[][] golden = [.. GoldenFrameTests.NamesWithoutKey.Select(static name => GoldenFrames.Version1[name])];
        byte[] frame = [.. golden[random.Next(golden.Length)]];
        for (int more = random.Next(3); more > 0 && frame[1] == (byte)FrameType.Data; more--)
        {
            byte[] other = golden[random.Next(golden.Length)];
            if (other[1] == (byte)FrameType.Data)
                frame = [.. frame, .. other.AsSpan(random.Next(10) == 0 ? 0 : WireFormat.DataHeader)];
        }

        if (frame[1] == (byte)FrameType.Data && random.Next(4) == 0)
            frame[WireFormat.DataHeader + 1] = (byte)random.Next(256); // the flags of the first element
        for (int changes = random.Next(5); changes > 0; changes--)
            frame[random.Next(random.Next(4) == 0 ? 0 : WireFormat.CommonHeader, frame.Length)] =
                random.Next(3) == 0 ? (byte)random.Next(16) : (byte)random.Next(256);
        return random.Next(5) == 0 ? frame[..random.Next(frame.Length + 1)] : frame;
    }
}
