using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>X25519 (RFC 7748).</summary>
internal static unsafe class KeyAgreement
{
    /// <summary>Bytes of a private key, a public key and a shared secret.</summary>
    public const int KeyLength = 32;

    /// <summary>The public key of a private key, which is any 32 random bytes.</summary>
    public static void WritePublicKey(ReadOnlySpan<byte> privateKey, Span<byte> publicKey)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(privateKey.Length, KeyLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, KeyLength);
        fixed (
            byte* own = privateKey,
                result = publicKey
        )
            LibSodium.DerivePublicKey(result, own);
    }

    /// <summary>What the owners of both keys compute alike.</summary>
    /// <returns>False when the public key is one that leaves all secrets zero.</returns>
    public static bool TryAgree(ReadOnlySpan<byte> privateKey, ReadOnlySpan<byte> publicKey, Span<byte> secret)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(privateKey.Length, KeyLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(publicKey.Length, KeyLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(secret.Length, KeyLength);
        fixed (
            byte* own = privateKey,
                other = publicKey,
                result = secret
        )
            return LibSodium.Agree(result, own, other) == 0;
    }
}
