using System.Buffers.Binary;
using FastForward.Transport.Cryptography;
using NSec.Cryptography;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>NSec, which calls libsodium too. It wants text and tag in one span, so a frame needs a copy.</summary>
internal sealed class NSecAead : IAeadContestant
{
    private readonly AeadAlgorithm _algorithm;
    private readonly Key _key;
    private readonly byte[] _sealed = new byte[4096];

    public NSecAead(CipherSuite suite, byte[] key)
    {
        _algorithm = suite == CipherSuite.AesGcm ? AeadAlgorithm.Aes256Gcm : AeadAlgorithm.ChaCha20Poly1305;
        _key = Key.Import(_algorithm, key, KeyBlobFormat.RawSymmetricKey);
    }

    public void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], nonce);
        Span<byte> result = _sealed.AsSpan(0, text.Length + tag.Length);
        _algorithm.Encrypt(_key, bytes, header, text, result);
        result[..text.Length].CopyTo(text);
        result[text.Length..].CopyTo(tag);
    }

    public bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        Span<byte> bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes[4..], nonce);
        Span<byte> input = _sealed.AsSpan(0, text.Length + tag.Length);
        text.CopyTo(input);
        tag.CopyTo(input[text.Length..]);
        return _algorithm.Decrypt(_key, bytes, header, input, text);
    }

    public void Dispose() => _key.Dispose();
}
