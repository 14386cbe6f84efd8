using System.Buffers.Binary;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>ChaCha20-Poly1305 (RFC 8439); the number in the nonce is little-endian.</summary>
internal sealed unsafe class ChaChaPolyKey : AeadKey
{
    // Kept alive until libsodium has returned: its finalizer overwrites it.
    private readonly SecretMemory _key = new(KeyLength);

    public ChaChaPolyKey(ReadOnlySpan<byte> key) => key.CopyTo(_key.Bytes);

    public override void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(tag.Length, TagLength);
        byte* number = stackalloc byte[NonceLength];
        WriteNonce(number, nonce);
        fixed (
            byte* bytes = text,
                end = tag,
                start = header
        )
        {
            LibSodium.ThrowIfFailed(
                LibSodium.SealChaCha(
                    bytes,
                    end,
                    null,
                    bytes,
                    (ulong)text.Length,
                    start,
                    (ulong)header.Length,
                    null,
                    number,
                    _key.Pointer
                )
            );
        }

        GC.KeepAlive(_key);
    }

    public override bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        if (tag.Length != TagLength)
            return false;
        byte* number = stackalloc byte[NonceLength];
        WriteNonce(number, nonce);
        bool isOpen;
        fixed (
            byte* bytes = text,
                end = tag,
                start = header
        )
        {
            isOpen =
                LibSodium.OpenChaCha(
                    bytes,
                    null,
                    bytes,
                    (ulong)text.Length,
                    end,
                    start,
                    (ulong)header.Length,
                    number,
                    _key.Pointer
                ) == 0;
        }

        GC.KeepAlive(_key);
        return isOpen;
    }

    public override void Dispose() => _key.Dispose();

    private static void WriteNonce(byte* nonce, ulong number)
    {
        new Span<byte>(nonce, 4).Clear();
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(nonce + 4, 8), number);
    }
}
