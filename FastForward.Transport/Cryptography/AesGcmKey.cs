using System.Buffers.Binary;
using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>AES-256-GCM with its key schedule; the number in the nonce is big-endian.</summary>
internal sealed unsafe class AesGcmKey : AeadKey
{
    // Kept alive until libsodium has returned: its finalizer overwrites it.
    private readonly SecretMemory _schedule = new((int)LibSodium.AesScheduleLength());

    public AesGcmKey(ReadOnlySpan<byte> key)
    {
        fixed (byte* bytes = key)
            LibSodium.ThrowIfFailed(LibSodium.ScheduleAes(_schedule.Pointer, bytes));
    }

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
                LibSodium.SealAes(
                    bytes,
                    end,
                    null,
                    bytes,
                    (ulong)text.Length,
                    start,
                    (ulong)header.Length,
                    null,
                    number,
                    _schedule.Pointer
                )
            );
        }

        GC.KeepAlive(_schedule);
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
                LibSodium.OpenAes(
                    bytes,
                    null,
                    bytes,
                    (ulong)text.Length,
                    end,
                    start,
                    (ulong)header.Length,
                    number,
                    _schedule.Pointer
                ) == 0;
        }

        GC.KeepAlive(_schedule);
        return isOpen;
    }

    public override void Dispose() => _schedule.Dispose();

    private static void WriteNonce(byte* nonce, ulong number)
    {
        new Span<byte>(nonce, 4).Clear();
        BinaryPrimitives.WriteUInt64BigEndian(new Span<byte>(nonce + 4, 8), number);
    }
}
