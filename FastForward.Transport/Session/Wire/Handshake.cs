using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>INIT, RESPONSE and CONFIRM, which have the same layout.</summary>
internal readonly record struct Handshake
{
    public Handshake() { }

    public required FrameType Type { get; init; }

    /// <summary>
    /// The version of the sender. Of an INIT of a later version only what every version has is filled in
    /// (<see cref="TryReadInit"/>).
    /// </summary>
    public byte Version { get; init; } = WireFormat.Version;

    /// <summary>It is of a version that this node does not speak.</summary>
    public bool IsOfLaterVersion => Version > WireFormat.Version;

    /// <summary>The number that the receiver assigned to the path; 0 in an INIT.</summary>
    public required uint ReceiverIndex { get; init; }

    /// <summary>
    /// The number that the sender assigned to the path: the receiver index of frames back to it; not 0.
    /// </summary>
    public required uint SenderIndex { get; init; }

    /// <summary>The key that the sender proves; 0 for none.</summary>
    public uint KeyId { get; init; }

    /// <summary>The generation of the keys that the handshake leads to: 0 for the first ones of a path.</summary>
    public byte Generation { get; init; }

    public required uint From { get; init; }

    public required uint To { get; init; }

    /// <summary>A random number that identifies the sender's process; not 0.</summary>
    public required ulong Incarnation { get; init; }

    /// <summary>The receiver's incarnation as known to the sender; 0 when unknown.</summary>
    public ulong PeerIncarnation { get; init; }

    /// <summary>The epoch of the association that the path is for (docs/protocol.md, "Epochs").</summary>
    public required uint Epoch { get; init; }

    /// <summary>
    /// Features of the sender: optional ones in the lower half, and in the upper half those without which it does not
    /// connect (<see cref="WireFormat.FirstRequiredCapability"/>).
    /// </summary>
    public ulong Capabilities { get; init; }

    /// <summary>The sender's clock in microseconds; a RESPONSE contains the timestamp of its INIT.</summary>
    public uint Timestamp { get; init; }

    /// <summary>The interval of the sender's probes in milliseconds; 0 when it does not say it.</summary>
    public ushort ProbeMillis { get; init; }

    /// <summary>The required capabilities that a node does not know, as in <see cref="Reject"/>.</summary>
    /// <param name="known">Those that it knows.</param>
    public uint UnknownTo(ulong known) => (uint)((Capabilities & ~known) >> WireFormat.FirstRequiredCapability);

    public void Write(Span<byte> frame)
    {
        frame[..WireFormat.Handshake].Clear();
        frame[0] = Version;
        frame[1] = (byte)Type;
        frame[WireFormat.Generation] = Generation;
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
        // Offset 56: length of the cryptographic block, see CryptoBlock; 60..63 reserved.
        BinaryPrimitives.WriteUInt16LittleEndian(frame[58..], ProbeMillis);
    }

    public static bool TryRead(ReadOnlySpan<byte> frame, out Handshake handshake)
    {
        handshake = default;
        if (frame.Length < WireFormat.Handshake || frame[0] != WireFormat.Version)
            return false;
        FrameType type = (FrameType)frame[1];
        if (type is not (FrameType.Init or FrameType.Response or FrameType.Confirm))
            return false;
        int crypto = BinaryPrimitives.ReadUInt16LittleEndian(frame[WireFormat.CryptoLength..]);
        if (frame.Length < WireFormat.Handshake + crypto)
            return false;
        handshake = new Handshake
        {
            Type = type,
            Generation = frame[WireFormat.Generation],
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
            ProbeMillis = BinaryPrimitives.ReadUInt16LittleEndian(frame[58..]),
        };
        return handshake.IsIdentified && handshake.Epoch != 0;
    }

    /// <summary>Reads an INIT of this version, or what each later version has at the same place.</summary>
    public static bool TryReadInit(ReadOnlySpan<byte> frame, out Handshake init)
    {
        init = default;
        if (frame.Length < WireFormat.Handshake || frame[1] != (byte)FrameType.Init)
            return false;
        if (frame[0] <= WireFormat.Version)
            return TryRead(frame, out init);
        init = new Handshake
        {
            Type = FrameType.Init,
            Version = frame[0],
            ReceiverIndex = BinaryPrimitives.ReadUInt32LittleEndian(frame[4..]),
            SenderIndex = BinaryPrimitives.ReadUInt32LittleEndian(frame[8..]),
            From = BinaryPrimitives.ReadUInt32LittleEndian(frame[16..]),
            To = BinaryPrimitives.ReadUInt32LittleEndian(frame[20..]),
            Incarnation = BinaryPrimitives.ReadUInt64LittleEndian(frame[24..]),
            Epoch = 0,
        };
        return init.IsIdentified;
    }

    private bool IsIdentified => SenderIndex != 0 && From != 0 && Incarnation != 0;
}
