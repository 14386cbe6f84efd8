using System.Buffers.Binary;

namespace FastForward.Transport.Transports.Datagrams;

/// <summary>Where a datagram carries the index of the receiving link (docs/protocol.md, frame header).</summary>
internal static class DatagramFrame
{
    /// <summary>The shortest frame that holds an index.</summary>
    public const int ShortestLength = IndexOffset + sizeof(uint);

    private const int IndexOffset = 4;

    /// <summary>The receiver's index, from a frame of at least <see cref="ShortestLength"/> bytes.</summary>
    public static uint ReadIndex(ReadOnlySpan<byte> frame) =>
        BinaryPrimitives.ReadUInt32LittleEndian(frame[IndexOffset..]);
}
