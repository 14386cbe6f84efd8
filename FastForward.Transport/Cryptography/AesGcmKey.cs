using FastForward.Transport.Interop;

namespace FastForward.Transport.Cryptography;

/// <summary>AES-256-GCM with its key schedule; the number in the nonce is big-endian.</summary>
internal sealed unsafe class AesGcmKey : AeadKey
{
    public AesGcmKey(ReadOnlySpan<byte> key)
        : base((int)LibSodium.AesScheduleLength(), isBigEndian: true)
    {
        fixed (byte* bytes = key)
            LibSodium.ThrowIfFailed(LibSodium.ScheduleAes(Memory, bytes));
    }

    protected override int Seal(byte* text, ulong length, byte* tag, byte* header, ulong headerLength, byte* nonce) =>
        LibSodium.SealAes(text, tag, null, text, length, header, headerLength, null, nonce, Memory);

    protected override int Open(byte* text, ulong length, byte* tag, byte* header, ulong headerLength, byte* nonce) =>
        LibSodium.OpenAes(text, null, text, length, tag, header, headerLength, nonce, Memory);
}
