using System.Buffers.Binary;

namespace FastForward.Transport.Session;

/// <summary>Random numbers, which the session gets from outside so that a simulation is repeatable.</summary>
/// <param name="Jitter">Returns a number from 0 to its argument. Need not be unpredictable.</param>
/// <param name="Nonce">Returns 64 bits that no one can predict.</param>
internal sealed record SessionRandom(Func<long, long> Jitter, Func<ulong> Nonce)
{
    /// <summary>Fills whole words of 8 bytes with what no one can predict.</summary>
    public void Fill(Span<byte> bytes)
    {
        for (; bytes.Length >= sizeof(ulong); bytes = bytes[sizeof(ulong)..])
            BinaryPrimitives.WriteUInt64LittleEndian(bytes, Nonce());
    }
}
