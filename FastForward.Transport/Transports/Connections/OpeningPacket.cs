using System.Buffers.Binary;

namespace FastForward.Transport.Transports.Connections;

/// <summary>
/// The first packet in each direction of a link over a connection, before any frame. 24 bytes, little-endian: magic
/// "FFwd" at 0, version (u16) at 4, status (u16) at 6, features (u64) at 8, longest frame (u32) at 16, detail (u32) at
/// 20. See docs/protocol.md.
/// </summary>
/// <remarks>
/// A later version may append fields; a version-1 packet has exactly this length. Both sides use the lower version, the
/// features that both name (<see cref="RingOpening.Feature"/>; unknown bits are ignored) and the smaller frame length.
/// </remarks>
/// <param name="Version">The highest version the sender supports.</param>
/// <param name="Status">Whether the sender accepts the link.</param>
/// <param name="Features">Optional features that the sender supports.</param>
/// <param name="MaxFrameSize">The longest frame that the sender accepts, in bytes.</param>
/// <param name="Detail">
/// With <see cref="OpeningStatus.NotPermitted"/>: the refused user or context id as the sender sees it.
/// </param>
internal readonly record struct OpeningPacket(
    ushort Version,
    OpeningStatus Status,
    ulong Features,
    uint MaxFrameSize,
    uint Detail
)
{
    public const int Length = 24;
    public const ushort CurrentVersion = 1;

    /// <summary>The longest packet of any later version.</summary>
    public const int LongestOfAnyVersion = 256;

    private const uint Magic = 0x64774646; // "FFwd"

    /// <summary>The smallest valid frame length: shorter ones do not hold a session frame.</summary>
    private const uint SmallestFrame = 1200;

    public void Write(Span<byte> target)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(target, Magic);
        BinaryPrimitives.WriteUInt16LittleEndian(target[4..], Version);
        BinaryPrimitives.WriteUInt16LittleEndian(target[6..], (ushort)Status);
        BinaryPrimitives.WriteUInt64LittleEndian(target[8..], Features);
        BinaryPrimitives.WriteUInt32LittleEndian(target[16..], MaxFrameSize);
        BinaryPrimitives.WriteUInt32LittleEndian(target[20..], Detail);
    }

    /// <summary>Reads a packet.</summary>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Read(ReadOnlySpan<byte> source, out OpeningPacket packet)
    {
        packet = default;
        if (source.Length is < Length or > LongestOfAnyVersion)
            return $"the opening packet has {source.Length} bytes instead of {Length}";
        if (BinaryPrimitives.ReadUInt32LittleEndian(source) != Magic)
            return "the peer does not speak FastForward (wrong magic)";
        packet = new OpeningPacket(
            BinaryPrimitives.ReadUInt16LittleEndian(source[4..]),
            (OpeningStatus)BinaryPrimitives.ReadUInt16LittleEndian(source[6..]),
            BinaryPrimitives.ReadUInt64LittleEndian(source[8..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[16..]),
            BinaryPrimitives.ReadUInt32LittleEndian(source[20..])
        );
        if (packet.Version == 0)
            return "the opening packet names version 0";
        if (packet.Version == 1 && source.Length != Length)
            return $"the opening packet of version 1 has {source.Length} bytes instead of {Length}";
        return packet.Status == OpeningStatus.Welcome && packet.MaxFrameSize < SmallestFrame
            ? $"the peer accepts frames of at most {packet.MaxFrameSize} bytes; {SmallestFrame} is the minimum"
            : null;
    }
}
