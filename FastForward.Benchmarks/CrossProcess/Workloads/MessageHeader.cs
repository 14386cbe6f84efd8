using System.Buffers.Binary;

namespace FastForward.Benchmarks.CrossProcess.Workloads;

/// <summary>The first bytes of every message; the rest is padding.</summary>
/// <param name="Time">
/// When the message was due, on <see cref="Clock"/>. In the reply to <see cref="MessageKind.End"/>: the number of
/// messages that arrived.
/// </param>
/// <param name="Kind">What the server does with it.</param>
/// <param name="Phase">The phase; late messages of the warm-up are not counted in the measurement.</param>
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
