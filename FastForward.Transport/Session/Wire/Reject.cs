using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>
/// A stateless refusal of an INIT, shorter than the INIT. It is not authenticated, so the receiver only reports it.
/// </summary>
internal readonly record struct Reject(
    uint ReceiverIndex,
    uint From,
    uint To,
    ulong EchoedIncarnation,
    RejectReason Reason
)
{
    public void Write(Span<byte> frame)
    {
        frame[..WireFormat.Reject].Clear();
        frame[0] = WireFormat.Version;
        frame[1] = (byte)FrameType.Reject;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], ReceiverIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[8..], From);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[12..], To);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[16..], EchoedIncarnation);
        BinaryPrimitives.WriteUInt16LittleEndian(frame[24..], (ushort)Reason);
    }

    public static bool TryRead(ReadOnlySpan<byte> frame, out Reject reject)
    {
        reject = default;
        if (frame.Length < WireFormat.Reject || frame[0] != WireFormat.Version || frame[1] != (byte)FrameType.Reject)
            return false;
        reject = new Reject(
            BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]),
            BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(frame[12..]),
            BinaryPrimitives.ReadUInt64LittleEndian(frame[16..]),
            (RejectReason)BinaryPrimitives.ReadUInt16LittleEndian(frame[24..])
        );
        return true;
    }
}
