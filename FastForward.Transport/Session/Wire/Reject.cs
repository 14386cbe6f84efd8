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
    /// <summary>With <see cref="RejectReason.Version"/>: the highest version that the sender speaks.</summary>
    public byte HighestVersion { get; init; }

    /// <summary>
    /// With <see cref="RejectReason.Unsupported"/>: the required capabilities that the sender does not know, without
    /// their lower 32 bits.
    /// </summary>
    public uint UnknownCapabilities { get; init; }

    /// <summary>The refusal of a handshake.</summary>
    /// <param name="handshake">An INIT, or the RESPONSE to one.</param>
    /// <param name="reason">Why.</param>
    /// <param name="capabilities">The capabilities of this node.</param>
    public static Reject Of(in Handshake handshake, RejectReason reason, ulong capabilities) =>
        new(handshake.SenderIndex, handshake.To, handshake.From, handshake.Incarnation, reason)
        {
            HighestVersion = reason == RejectReason.Version ? WireFormat.Version : (byte)0,
            UnknownCapabilities = reason == RejectReason.Unsupported ? handshake.UnknownTo(capabilities) : 0,
        };

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
        frame[26] = HighestVersion;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[28..], UnknownCapabilities);
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
        )
        {
            HighestVersion = frame[26],
            UnknownCapabilities = BinaryPrimitives.ReadUInt32LittleEndian(frame[28..]),
        };
        return true;
    }
}
