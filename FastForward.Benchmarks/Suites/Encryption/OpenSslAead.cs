using System.Buffers.Binary;
using FastForward.Transport.Cryptography;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>The OpenSSL of the system, called directly: a key schedule is kept, a frame takes five calls.</summary>
internal sealed unsafe class OpenSslAead : IAeadContestant
{
    private readonly nint _encrypt = LibCrypto.NewContext();
    private readonly nint _decrypt = LibCrypto.NewContext();

    public OpenSslAead(CipherSuite suite, byte[] key)
    {
        nint cipher = suite == CipherSuite.AesGcm ? LibCrypto.AesGcm() : LibCrypto.ChaChaPoly();
        fixed (byte* bytes = key)
        {
            Check(LibCrypto.Begin(_encrypt, cipher, 0, bytes, null, 1));
            Check(LibCrypto.Begin(_decrypt, cipher, 0, bytes, null, 0));
        }
    }

    public void Seal(Span<byte> text, Span<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        int written;
        byte* bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(bytes + 4, 8), nonce);
        fixed (
            byte* start = header,
                content = text,
                end = tag
        )
        {
            _ = LibCrypto.Begin(_encrypt, 0, 0, null, bytes, 1);
            _ = LibCrypto.Update(_encrypt, null, &written, start, header.Length);
            _ = LibCrypto.Update(_encrypt, content, &written, content, text.Length);
            _ = LibCrypto.End(_encrypt, content, &written);
            _ = LibCrypto.Control(_encrypt, LibCrypto.EVP_CTRL_AEAD_GET_TAG, tag.Length, end);
        }
    }

    public bool TryOpen(Span<byte> text, ReadOnlySpan<byte> tag, ReadOnlySpan<byte> header, ulong nonce)
    {
        int written;
        byte* bytes = stackalloc byte[12];
        BinaryPrimitives.WriteUInt64LittleEndian(new Span<byte>(bytes + 4, 8), nonce);
        fixed (
            byte* start = header,
                content = text,
                end = tag
        )
        {
            _ = LibCrypto.Begin(_decrypt, 0, 0, null, bytes, 0);
            _ = LibCrypto.Update(_decrypt, null, &written, start, header.Length);
            _ = LibCrypto.Update(_decrypt, content, &written, content, text.Length);
            _ = LibCrypto.Control(_decrypt, LibCrypto.EVP_CTRL_AEAD_SET_TAG, tag.Length, end);
            return LibCrypto.End(_decrypt, content, &written) == 1;
        }
    }

    public void Dispose()
    {
        LibCrypto.FreeContext(_encrypt);
        LibCrypto.FreeContext(_decrypt);
    }

    private static void Check(int result)
    {
        if (result != 1)
            throw new NotSupportedException("OpenSSL does not have the cipher.");
    }
}
