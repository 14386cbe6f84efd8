using System.Security.Cryptography;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>
/// A key for authenticated encryption in one direction. Not for use by two threads at a time. Allocates nothing after
/// its creation.
/// </summary>
internal abstract class AeadKey : IDisposable
{
    public const int KeyLength = 32;
    public const int TagLength = 16;

    /// <summary>Bytes of the nonce: 4 of zero, then the number.</summary>
    protected const int NonceLength = 12;

    /// <summary>Whether this machine has what the suite needs: AES needs instructions of the processor.</summary>
    public static bool IsSupported(CipherSuite suite) =>
        suite switch
        {
            CipherSuite.ChaChaPoly => true,
            CipherSuite.AesGcm => LibSodium.Initialize() >= 0 && LibSodium.HasAes() == 1,
            _ => false,
        };

    /// <param name="suite">A supported suite.</param>
    /// <param name="key32">The key, which is copied.</param>
    public static AeadKey Create(CipherSuite suite, ReadOnlySpan<byte> key32)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(key32.Length, KeyLength);
        if (LibSodium.Initialize() < 0)
            throw new CryptographicException("libsodium cannot be initialized.");
        if (!IsSupported(suite))
            throw new NotSupportedException($"This processor does not support {suite}.");
        return suite == CipherSuite.AesGcm ? new AesGcmKey(key32) : new ChaChaPolyKey(key32);
    }

    /// <summary>Encrypts in place.</summary>
    /// <param name="text">Becomes the cipher text.</param>
    /// <param name="tag">Receives <see cref="TagLength"/> bytes.</param>
    /// <param name="header">What is authenticated and not encrypted.</param>
    /// <param name="nonce">A number that was never used before with this key.</param>
    public abstract void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce);

    /// <summary>Decrypts in place.</summary>
    /// <returns>False, and never an exception, when anything differs from what was sealed; no text remains.</returns>
    public abstract bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce);

    /// <summary>Overwrites the key.</summary>
    public abstract void Dispose();
}
