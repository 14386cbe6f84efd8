using System.Buffers.Binary;

namespace FastForward.Tests.Simulation;

/// <summary>A number that stands for some bytes.</summary>
internal static class Checksum
{
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
