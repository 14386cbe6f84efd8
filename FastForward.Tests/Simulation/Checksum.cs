using System.Buffers.Binary;
using FastForward.Transport.Session;

namespace FastForward.Tests.Simulation;

/// <summary>Detects changed bytes, so that a damaged frame is one that cannot be opened, as with a key.</summary>
internal sealed class Checksum : IFrameProtection
{
    public static Checksum Instance { get; } = new();

    public int Overhead => sizeof(ulong);

    public void Seal(Span<byte> frame, ulong packetNumber) =>
        BinaryPrimitives.WriteUInt64LittleEndian(frame[^Overhead..], Of(frame[..^Overhead]));

    public bool TryOpen(Span<byte> frame, ulong packetNumber) =>
        BinaryPrimitives.ReadUInt64LittleEndian(frame[^Overhead..]) == Of(frame[..^Overhead]);

    public static ulong Of(ReadOnlySpan<byte> bytes)
    {
        ulong sum = 14695981039346656037;
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            sum = (sum ^ BinaryPrimitives.ReadUInt64LittleEndian(bytes)) * 1099511628211;
        foreach (byte value in bytes)
            sum = (sum ^ value) * 1099511628211;
        return sum;
    }
}
