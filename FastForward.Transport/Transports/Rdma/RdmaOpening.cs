using System.Buffers.Binary;
using FastForward.Transport.Transports.Connections;

namespace FastForward.Transport.Transports.Rdma;

/// <summary>
/// The opening exchange: the private data of the request to connect, of its acceptance and of its refusal. An
/// <see cref="OpeningPacket"/>, then the sender's credits (u16) and a reserved u16, little-endian. See
/// docs/protocol.md.
/// </summary>
/// <param name="Packet">What all media with connections exchange.</param>
/// <param name="Credits">The frames that the sender takes before it has handled the first of them.</param>
internal readonly record struct RdmaOpening(OpeningPacket Packet, ushort Credits)
{
    public const int Length = OpeningPacket.Length + 4;

    /// <summary>
    /// The bytes of private data that the kernel of a listener takes for itself when the address of the listener is an
    /// InfiniBand address; the first two must be 0.
    /// </summary>
    public const int InfiniBandPrefix = 36;

    private const int FewestCredits = 4;

    public void Write(Span<byte> target)
    {
        Packet.Write(target);
        BinaryPrimitives.WriteUInt16LittleEndian(target[OpeningPacket.Length..], Credits);
        BinaryPrimitives.WriteUInt16LittleEndian(target[(OpeningPacket.Length + 2)..], 0);
    }

    /// <summary>
    /// Reads the private data. Its length says nothing: InfiniBand and RoCE fill it up with zeros.
    /// </summary>
    /// <returns>Null, or what is wrong with it.</returns>
    public static string? Read(ReadOnlySpan<byte> source, out RdmaOpening opening)
    {
        opening = default;
        if (source.Length < Length)
            return $"the opening has {source.Length} bytes instead of {Length}";
        if (OpeningPacket.Read(source[..OpeningPacket.Length], out OpeningPacket packet) is { } fault)
            return fault;
        opening = new RdmaOpening(packet, BinaryPrimitives.ReadUInt16LittleEndian(source[OpeningPacket.Length..]));
        return packet.Status == OpeningStatus.Welcome && opening.Credits < FewestCredits
            ? $"the peer grants {opening.Credits} credits; {FewestCredits} is the minimum"
            : null;
    }
}
