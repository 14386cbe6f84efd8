using FastForward.Transport.Cryptography;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>What FastForward.Transport uses: libsodium, called directly.</summary>
internal sealed class OwnAead(CipherSuite suite, byte[] key) : IAeadContestant
{
    private readonly AeadKey _key = AeadKey.Create(suite, key);

    public void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce) =>
        _key.Seal(text, tag, header, nonce);

    public bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce) =>
        _key.TryOpen(text, tag, header, nonce);

    public void Dispose() => _key.Dispose();
}
