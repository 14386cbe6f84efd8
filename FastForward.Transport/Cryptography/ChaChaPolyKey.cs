using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>ChaCha20-Poly1305 (RFC 8439); the number in the nonce is little-endian.</summary>
internal sealed unsafe class ChaChaPolyKey : AeadKey
{
    public ChaChaPolyKey(ReadOnlySpan<byte> key)
        : base(KeyLength, isBigEndian: false) => key.CopyTo(new Span<byte>(Memory, KeyLength));

    protected override int Seal(byte* text, ulong length, byte* tag, byte* header, ulong headerLength, byte* nonce) =>
        LibSodium.SealChaCha(text, tag, null, text, length, header, headerLength, null, nonce, Memory);

    protected override int Open(byte* text, ulong length, byte* tag, byte* header, ulong headerLength, byte* nonce) =>
        LibSodium.OpenChaCha(text, null, text, length, tag, header, headerLength, nonce, Memory);
}
