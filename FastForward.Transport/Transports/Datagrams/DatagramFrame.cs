using System.Buffers.Binary;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>How a datagram names the link that it is for, whatever the address family (docs/protocol.md).</summary>
internal static class DatagramFrame
{
    /// <summary>A shorter one names no link.</summary>
    public const int ShortestLength = IndexOffset + sizeof(uint);

    private const int IndexOffset = 4;

    /// <summary>The receiver's index, from a frame of at least <see cref="ShortestLength"/> bytes.</summary>
    public static uint ReadIndex(ReadOnlySpan<byte> frame) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frame[IndexOffset..]);
}
