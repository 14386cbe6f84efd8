using System.Security.Cryptography;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>
/// Keyed BLAKE2b (RFC 7693), to refuse at less cost than that of a handshake, and to derive a key from another.
/// </summary>
internal static unsafe class KeyedHash
{
    /// <summary>Bytes of a hash that proves something to a peer.</summary>
    public const int ProofLength = 16;

    /// <param name="key">16 to 64 bytes.</param>
    /// <param name="data">What is hashed.</param>
    /// <param name="hash">16 to 64 bytes to fill; a shorter hash is not part of a longer one.</param>
    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> hash)
    {
        ThrowUnlessInRange(key.Length, nameof(key));
        ThrowUnlessInRange(hash.Length, nameof(hash));
        fixed (
            byte* secret = key,
                bytes = data,
                result = hash
        )
        {
            LibSodium.Hash(result, (nuint)hash.Length, bytes, (ulong)data.Length, secret, (nuint)key.Length);
        }
    }

    /// <summary>Compares <see cref="ProofLength"/> bytes in a time that does not depend on them.</summary>
    public static bool Matches(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> proof)
    {
        Span<byte> expected = stackalloc byte[ProofLength];
        Compute(key, data, expected);
        return CryptographicOperations.FixedTimeEquals(expected, proof);
    }

    private static void ThrowUnlessInRange(int length, string name)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 16, name);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, 64, name);
    }
}
