using System.Buffers.Binary;
using FastForward.Tests.Simulation;

namespace FastForward.Transport.Cryptography;

// What variants of the session have instead of the layer below it, which calls native code: a checksum for everything.
// It is compiled into variants only.

internal enum CipherSuite : byte
{
    AesGcm = 1,
    ChaChaPoly = 2,
}

internal static class KeyedHash
{
    public static void Compute(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, Span<byte> hash)
    {
        ulong sum = Checksum.Of(key) ^ (Checksum.Of(data) * 31);
        for (int i = 0; i < hash.Length; i += 8)
            BinaryPrimitives.WriteUInt64LittleEndian(hash[i..], sum + (ulong)i);
    }

    public static bool Matches(ReadOnlySpan<byte> key, ReadOnlySpan<byte> data, ReadOnlySpan<byte> proof)
    {
        Span<byte> expected = stackalloc byte[16];
        Compute(key, data, expected);
        return proof.SequenceEqual(expected);
    }
}

internal sealed class SecretMemory(int length) : IDisposable
{
    private readonly byte[] _bytes = new byte[length];

    public Span<byte> Bytes => _bytes;

    public void Dispose() { }
}

internal sealed class AeadKey(ulong key) : IDisposable
{
    public const int KeyLength = 32;
    public const int TagLength = 16;

    public static bool IsSupported(CipherSuite suite) => suite is CipherSuite.AesGcm or CipherSuite.ChaChaPoly;

    public void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        BinaryPrimitives.WriteUInt64LittleEndian(tag, Sum(text, header, nonce));
        BinaryPrimitives.WriteUInt64LittleEndian(tag[8..], key);
    }

    public bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce) =>
        BinaryPrimitives.ReadUInt64LittleEndian(tag) == Sum(text, header, nonce)
        && BinaryPrimitives.ReadUInt64LittleEndian(tag[8..]) == key;

    public void Dispose() { }

    private ulong Sum(ReadOnlySpan<byte> text, ReadOnlySpan<byte> header, ulong nonce) =>
        Mixed(Mixed(Mixed(Checksum.Of(text)) + Checksum.Of(header)) + nonce) ^ key;

    // Each bit of the input changes bits below it, too.
    private static ulong Mixed(ulong sum) => (sum ^ (sum >> 29) ^ (sum >> 47)) * 1_099_511_628_211;
}

internal sealed class NoiseHandshake : IDisposable
{
    private readonly bool _initiator;
    private readonly ulong _psk;
    private readonly byte[] _ephemeral;
    private readonly byte[] _hash = new byte[32];

    public NoiseHandshake(
        CipherSuite suite,
        bool initiator,
        ReadOnlySpan<byte> psk,
        ReadOnlySpan<byte> prologue,
        ReadOnlySpan<byte> ephemeralPrivateKey
    )
    {
        _initiator = initiator;
        _psk = Checksum.Of(psk) + (ulong)suite;
        _ephemeral = ephemeralPrivateKey.ToArray();
        Mix(prologue);
    }

    public ReadOnlySpan<byte> Hash => _hash;

    public int WriteMessage(ReadOnlySpan<byte> payload, Span<byte> message)
    {
        _ephemeral.CopyTo(message);
        Mix(message[..32]);
        BinaryPrimitives.WriteUInt64LittleEndian(message[32..], Tag);
        BinaryPrimitives.WriteUInt64LittleEndian(message[40..], 0);
        return 48;
    }

    public bool TryReadMessage(ReadOnlySpan<byte> message, Span<byte> payload, out int length)
    {
        length = 0;
        byte[] before = [.. _hash];
        Mix(message[..32]);
        if (BinaryPrimitives.ReadUInt64LittleEndian(message[32..]) == Tag)
            return true;
        before.CopyTo(_hash, 0);
        return false;
    }

    public void Split(out AeadKey send, out AeadKey receive)
    {
        AeadKey first = new(Tag + 1);
        AeadKey second = new(Tag + 2);
        (send, receive) = _initiator ? (first, second) : (second, first);
    }

    public void Dispose() { }

    private ulong Tag => Checksum.Of(_hash) ^ _psk;

    private void Mix(ReadOnlySpan<byte> bytes)
    {
        ulong sum = Checksum.Of(bytes) ^ (Checksum.Of(_hash) * 31);
        for (int i = 0; i < _hash.Length; i += 8)
            BinaryPrimitives.WriteUInt64LittleEndian(_hash.AsSpan(i), sum + (ulong)i);
    }
}
