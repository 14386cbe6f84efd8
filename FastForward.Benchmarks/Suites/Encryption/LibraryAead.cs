using System.Buffers.Binary;
using System.Security.Cryptography;
using FastForward.Transport.Cryptography;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>The base class library, which throws on a wrong tag.</summary>
internal sealed class LibraryAead(CipherSuite suite, byte[] key) : IAeadContestant
{
    private readonly AesGcm? _aes = suite == CipherSuite.AesGcm ? new AesGcm(key, AeadKey.TagLength) : null;
    private readonly ChaCha20Poly1305? _chaCha = suite == CipherSuite.ChaChaPoly ? new ChaCha20Poly1305(key) : null;

    public void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], nonce);
        _aes?.Encrypt(bytes, text, text, tag, header);
        _chaCha?.Encrypt(bytes, text, text, tag, header);
    }

    public bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], nonce);
        try
        {
            _aes?.Decrypt(bytes, text, tag, text, header);
            _chaCha?.Decrypt(bytes, text, tag, text, header);
            return true;
        }
        catch (AuthenticationTagMismatchException)
        {
            return false;
        }
    }

    public void Dispose()
    {
        _aes?.Dispose();
        _chaCha?.Dispose();
    }
}
