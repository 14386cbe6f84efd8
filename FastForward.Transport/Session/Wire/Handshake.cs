using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>The fields of INIT, RESPONSE and CONFIRM, which share one layout.</summary>
internal readonly record struct Handshake
{
    public required FrameType Type { get; init; }

    /// <summary>The receiver's number for the path; 0 in an INIT.</summary>
    public required uint ReceiverIndex { get; init; }

    /// <summary>The sender's number for the path, which frames back to it carry.</summary>
    public required uint SenderIndex { get; init; }

    public uint KeyId { get; init; }

    public required uint From { get; init; }

    public required uint To { get; init; }

    /// <summary>The number the sender's process gave itself at its start.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>The receiver's incarnation as the sender knows it; 0 when it does not.</summary>
    public ulong PeerIncarnation { get; init; }

    /// <summary>The association that the path shall belong to (docs/protocol.md, "Epochs").</summary>
    public required uint Epoch { get; init; }

    /// <summary>Bits for optional features; unknown ones are ignored.</summary>
    public ulong Capabilities { get; init; }

    /// <summary>The sender's clock; a RESPONSE returns the one of its INIT.</summary>
    public uint Timestamp { get; init; }

    public void Write(Span<byte> frame)
    {
        frame[..WireFormat.Handshake].Clear();
        frame[0] = WireFormat.Version;
        frame[1] = (byte)Type;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], ReceiverIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[8..], SenderIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[12..], KeyId);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[16..], From);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[20..], To);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[24..], Incarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[32..], PeerIncarnation);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[40..], Capabilities);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[48..], Epoch);
        BinaryPrimitives.WriteUInt32LittleEndian(frame[52..], Timestamp);
        // Offset 56: length of the cryptographic block, 0 in this version; 58..63 reserved.
    }

    public static bool TryRead(ReadOnlySpan<byte> frame, out Handshake handshake)
    {
        handshake = default;
        if (frame.Length < WireFormat.Handshake || frame[0] != WireFormat.Version)
            return false;
        FrameType type = (FrameType)frame[1];
        if (type is not (FrameType.Init or FrameType.Response or FrameType.Confirm))
            return false;
        int crypto = BinaryPrimitives.ReadUInt16LittleEndian(frame[56..]);
        if (crypto > WireFormat.MaxCryptoBlock || frame.Length < WireFormat.Handshake + crypto)
            return false;
        handshake = new Handshake
        {
            Type = type,
            ReceiverIndex = BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]),
            SenderIndex = BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]),
            KeyId = BinaryPrimitives.ReadUInt32LittleEndian(frame[12..]),
            From = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]),
            To = BinaryPrimitives.ReadUInt32LittleEndian(frame[20..]),
            Incarnation = BinaryPrimitives.ReadUInt64LittleEndian(frame[24..]),
            PeerIncarnation = BinaryPrimitives.ReadUInt64LittleEndian(frame[32..]),
            Capabilities = BinaryPrimitives.ReadUInt64LittleEndian(frame[40..]),
            Epoch = BinaryPrimitives.ReadUInt32LittleEndian(frame[48..]),
            Timestamp = BinaryPrimitives.ReadUInt32LittleEndian(frame[52..]),
        };
        return handshake.SenderIndex != 0 && handshake.From != 0 && handshake.Incarnation != 0 && handshake.Epoch != 0;
    }
}
