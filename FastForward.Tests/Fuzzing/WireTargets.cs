using System.Buffers.Binary;
using FastForward.Tests.Session;
using FastForward.Transport.Session.Wire;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Tests.Fuzzing;

/// <summary>Frames and their parts, each by itself.</summary>
internal static class WireTargets
{
    private static readonly byte[][] s_frames = [.. GoldenFrames.Version1.Values];

    public static IReadOnlyList<FuzzTarget> All { get; } =
    [
        new("handshake", [.. s_frames.Where(static frame => frame[1] < (byte)FrameType.Data)], ReadHandshake),
        new(
            "reject",
            [GoldenFrames.Version1["reject-version"], GoldenFrames.Version1["reject-unsupported"]],
            ReadReject
        ),
        new("elements", [.. Data.Select(static frame => frame[WireFormat.DataHeader..])], ReadElements),
        new("message", [.. Data.Select(static frame => frame[WireFormat.DataHeader..]).Where(IsMessage)], ReadMessage),
        new("opening", [Opening(OpeningStatus.Welcome), Opening(OpeningStatus.NotPermitted)], ReadOpening),
    ];

    private static IEnumerable<byte[]> Data => s_frames.Where(static frame => frame[1] == (byte)FrameType.Data);

    private static bool IsMessage(byte[] elements) => elements[0] == (byte)ElementType.Message;

    private static byte[] Opening(OpeningStatus status)
    {
        byte[] packet = new byte[OpeningPacket.Length];
        new OpeningPacket(OpeningPacket.CurrentVersion, status, 0, 4096, 1000).Write(packet);
        return packet;
    }

    private static bool ReadHandshake(byte[] input)
    {
        if (!Handshake.TryRead(input, out Handshake handshake))
            return false;
        byte[] written = new byte[WireFormat.Handshake];
        handshake.Write(written);
        byte[] expected = input[..WireFormat.Handshake];
        expected.AsSpan(3, 1).Clear(); // reserved
        expected.AsSpan(56, 2).Clear(); // the cryptographic block is written apart
        expected.AsSpan(60).Clear(); // reserved
        FuzzTarget.RequireEqual(written, expected, "a handshake is written as it was read");
        return true;
    }

    private static bool ReadReject(byte[] input)
    {
        if (!Reject.TryRead(input, out Reject reject))
            return false;
        byte[] written = new byte[WireFormat.Reject];
        reject.Write(written);
        byte[] expected = input[..WireFormat.Reject];
        expected.AsSpan(2, 2).Clear(); // reserved
        expected.AsSpan(27, 1).Clear(); // reserved
        FuzzTarget.RequireEqual(written, expected, "a rejection is written as it was read");
        return true;
    }

    // What was read, with the padding between, is the input.
    private static bool ReadElements(byte[] input)
    {
        ElementReader reader = new(input);
        List<byte> written = [];
        while (reader.Next())
        {
            int begin = reader.Position - reader.Body.Length - WireFormat.ElementHeader;
            FuzzTarget.Require(begin >= written.Count, "elements do not overlap");
            written.AddRange(Enumerable.Repeat((byte)ElementType.Padding, begin - written.Count));
            written.AddRange([(byte)reader.Type, reader.Bits]);
            written.AddRange([(byte)reader.Body.Length, (byte)(reader.Body.Length >> 8)]);
            written.AddRange(reader.Body);
        }

        if (reader.IsMalformed)
            return false;
        written.AddRange(Enumerable.Repeat((byte)ElementType.Padding, input.Length - written.Count));
        FuzzTarget.RequireEqual([.. written], input, "elements are written as they were read");
        return true;
    }

    // The first element, if it is a message.
    private static bool ReadMessage(byte[] input)
    {
        ElementReader reader = new(input);
        if (!reader.Next() || reader.Type != ElementType.Message)
            return false;
        if (!MessageElement.TryRead(reader.Bits, reader.Body, out MessageElement message))
            return false;
        byte[] frame = new byte[WireFormat.DataHeader + reader.Body.Length + WireFormat.ElementHeader];
        FrameWriter writer = new(frame);
        if (message.IsRealTime)
            writer.WriteRealTime(
                message.Stream,
                message.Sequence,
                message.Bits,
                (int)(message.Budget / 1_000),
                message.Age,
                message.Payload
            );
        else if (message.IsFragment)
            writer.WriteFragment(message.Stream, message.Sequence, message.Bits, message.Offset, message.Payload);
        else
            writer.WriteMessage(message.Stream, message.Sequence, message.Bits, message.Payload);
        byte[] expected = reader.Body.ToArray();
        if (message.IsFragment)
            BinaryPrimitives.WriteUInt16LittleEndian(expected.AsSpan(14), 0); // reserved
        FuzzTarget.RequireEqual(
            frame.AsSpan(WireFormat.DataHeader + WireFormat.ElementHeader),
            expected,
            "a message is written as it was read"
        );
        FuzzTarget.Require(frame[WireFormat.DataHeader + 1] == reader.Bits, "the bits of a message are kept");
        return true;
    }

    private static bool ReadOpening(byte[] input)
    {
        if (OpeningPacket.Read(input, out OpeningPacket packet) is { } problem)
        {
            FuzzTarget.Require(problem.Length > 0, "a refused opening packet has a reason");
            return false;
        }

        byte[] written = new byte[OpeningPacket.Length];
        packet.Write(written);
        FuzzTarget.RequireEqual(written, input.AsSpan(0, OpeningPacket.Length), "an opening packet is kept");
        return true;
    }
}
