using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace FastForward.Transport.Interop;

/// <summary>
/// libsodium, as the package of this name brings it for each processor. Names and order of the parameters are those of
/// its manual. Functions return 0, or -1 on failure; those that cannot fail return nothing here.
/// </summary>
/// <remarks>
/// Called directly and not through a wrapper: the precomputed key schedule is used, a wrong tag is a return value, and
/// nothing is allocated. docs/benchmarks.md compares it with other ways.
/// </remarks>
internal static unsafe partial class LibSodium
{
    private const string Library = "libsodium";

    /// <summary>
    /// sodium_init: finds out what the processor can do. The other functions work without it, but slower, and AES does
    /// not.
    /// </summary>
    /// <returns>0, 1 when it was called before, -1 on failure. Any thread may call it.</returns>
    [LibraryImport(Library, EntryPoint = "sodium_init")]
    public static partial int Initialize();

    /// <summary>crypto_aead_aes256gcm_is_available: 1 if the processor has instructions for AES.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_is_available")]
    public static partial int HasAes();

    /// <summary>crypto_aead_aes256gcm_statebytes: bytes of a key schedule, aligned to 16.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_statebytes")]
    public static partial nuint AesScheduleLength();

    /// <summary>crypto_aead_aes256gcm_beforenm.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_beforenm")]
    public static partial int ScheduleAes(void* schedule, byte* key);

    /// <summary>crypto_aead_aes256gcm_encrypt_detached_afternm.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_encrypt_detached_afternm")]
    public static partial int SealAes(
        byte* cipherText,
        byte* tag,
        ulong* tagLength,
        byte* text,
        ulong length,
        byte* header,
        ulong headerLength,
        byte* none,
        byte* nonce,
        void* schedule
    );

    /// <summary>crypto_aead_aes256gcm_decrypt_detached_afternm.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_aes256gcm_decrypt_detached_afternm")]
    public static partial int OpenAes(
        byte* text,
        byte* none,
        byte* cipherText,
        ulong length,
        byte* tag,
        byte* header,
        ulong headerLength,
        byte* nonce,
        void* schedule
    );

    /// <summary>crypto_aead_chacha20poly1305_ietf_encrypt_detached.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_chacha20poly1305_ietf_encrypt_detached")]
    public static partial int SealChaCha(
        byte* cipherText,
        byte* tag,
        ulong* tagLength,
        byte* text,
        ulong length,
        byte* header,
        ulong headerLength,
        byte* none,
        byte* nonce,
        byte* key
    );

    /// <summary>crypto_aead_chacha20poly1305_ietf_decrypt_detached.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_aead_chacha20poly1305_ietf_decrypt_detached")]
    public static partial int OpenChaCha(
        byte* text,
        byte* none,
        byte* cipherText,
        ulong length,
        byte* tag,
        byte* header,
        ulong headerLength,
        byte* nonce,
        byte* key
    );

    /// <summary>crypto_scalarmult_curve25519_base.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_curve25519_base")]
    public static partial void DerivePublicKey(byte* publicKey, byte* privateKey);

    /// <summary>crypto_scalarmult_curve25519: -1 when the result is all zero.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_scalarmult_curve25519")]
    public static partial int Agree(byte* secret, byte* privateKey, byte* publicKey);

    /// <summary>crypto_generichash: BLAKE2b.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_generichash")]
    public static partial void Hash(byte* hash, nuint hashLength, byte* data, ulong length, byte* key, nuint keyLength);

    /// <summary>crypto_hash_sha256_init.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_hash_sha256_init")]
    public static partial void BeginSha256(Sha256State* state);

    /// <summary>crypto_hash_sha256_update.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_hash_sha256_update")]
    public static partial void AddToSha256(Sha256State* state, byte* data, ulong length);

    /// <summary>crypto_hash_sha256_final: the 32 bytes of the hash.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_hash_sha256_final")]
    public static partial void EndSha256(Sha256State* state, byte* hash);

    /// <summary>crypto_kdf_hkdf_sha256_extract: RFC 5869, 2.2.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_kdf_hkdf_sha256_extract")]
    public static partial void ExtractKey(byte* key, byte* salt, nuint saltLength, byte* input, nuint inputLength);

    /// <summary>crypto_kdf_hkdf_sha256_expand: RFC 5869, 2.3.</summary>
    [LibraryImport(Library, EntryPoint = "crypto_kdf_hkdf_sha256_expand")]
    public static partial void ExpandKey(byte* output, nuint length, byte* context, nuint contextLength, byte* key);

    /// <summary>Text that was not encrypted must never be sent, so a failure that cannot be is an exception.</summary>
    public static void ThrowIfFailed(int result)
    {
        if (result != 0)
            throw new CryptographicException("libsodium has refused a key or an encryption.");
    }

    /// <summary>crypto_hash_sha256_state.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 104)]
    public struct Sha256State
    {
        private readonly ulong _alignment;
    }
}
