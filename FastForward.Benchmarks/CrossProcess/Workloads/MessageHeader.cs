using System.Buffers.Binary;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>The first bytes of every message; the rest is padding to the asked size.</summary>
/// <param name="Time">When the message was due, on <see cref="Clock"/>; the number that came, in the answer to <see cref="MessageKind.End"/>.</param>
/// <param name="Kind">What to do with it.</param>
/// <param name="Phase">Warm-up or measurement: what is late from the former does not count in the latter.</param>
internal readonly record struct MessageHeader(long Time, MessageKind Kind, Phase Phase)
{
    public const int Size = 16;

    public static MessageHeader Read(ReadOnlySpan<byte> message) =>
        new(
            BinaryPrimitives.ReadInt64LittleEndian(message),
            (MessageKind)BinaryPrimitives.ReadUInt32LittleEndian(message[8..]),
            (Phase)BinaryPrimitives.ReadUInt32LittleEndian(message[12..])
        );

    public void Write(Span<byte> message)
    {
        BinaryPrimitives.WriteInt64LittleEndian(message, Time);
        BinaryPrimitives.WriteUInt32LittleEndian(message[8..], (uint)Kind);
        BinaryPrimitives.WriteUInt32LittleEndian(message[12..], (uint)Phase);
    }
}
