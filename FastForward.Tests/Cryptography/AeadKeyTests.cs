using System.Buffers.Binary;
using System.Security.Cryptography;
using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

[TestFixture(CipherSuite.AesGcm)]
[TestFixture(CipherSuite.ChaChaPoly)]
internal sealed class AeadKeyTests(CipherSuite suite)
{
    private readonly byte[] _secret = RandomNumberGenerator.GetBytes(AeadKey.KeyLength);
    private readonly byte[] _tag = new byte[AeadKey.TagLength];
    private readonly byte[] _header = RandomNumberGenerator.GetBytes(20);
    private AeadKey _key = null!;

    [OneTimeSetUp]
    public void Create()
    {
        SuiteSupport.Require(suite);
        _key = AeadKey.Create(suite, _secret);
    }

    [OneTimeTearDown]
    public void Free() => _key?.Dispose();

    /// <summary>Compared with the implementation of the base class library.</summary>
    [Test]
    public void It_seals_as_another_implementation_does(
        [Values(0, 1, 15, 16, 17, 64, 200, 1200, 65535)] int length,
        [Values(0ul, 1ul, 0x0102030405060708ul, ulong.MaxValue)] ulong nonce
    )
    {
        byte[] text = RandomNumberGenerator.GetBytes(length);
        byte[] expected = new byte[length];
        byte[] expectedTag = new byte[AeadKey.TagLength];
        byte[] fullNonce = new byte[12];
        if (suite == CipherSuite.AesGcm)
        {
            BinaryPrimitives.WriteUInt64BigEndian(fullNonce.AsSpan(4), nonce);
            using AesGcm reference = new(_secret, AeadKey.TagLength);
            reference.Encrypt(fullNonce, text, expected, expectedTag, _header);
        }
        else
        {
            BinaryPrimitives.WriteUInt64LittleEndian(fullNonce.AsSpan(4), nonce);
            using ChaCha20Poly1305 reference = new(_secret);
            reference.Encrypt(fullNonce, text, expected, expectedTag, _header);
        }

        byte[] sealedText = [.. text];
        _key.Seal(sealedText, _tag, _header, nonce);
        Assert.That(sealedText, Is.EqualTo(expected));
        Assert.That(_tag, Is.EqualTo(expectedTag));
        Assert.That(_key.TryOpen(sealedText, _tag, _header, nonce));
        Assert.That(sealedText, Is.EqualTo(text));
    }

    [Test]
    public void A_single_bit_that_differs_is_refused_and_leaves_no_text([Values(1, 16, 100)] int length)
    {
        byte[] text = RandomNumberGenerator.GetBytes(length);
        byte[] cipherText = [.. text];
        byte[] header = [.. _header];
        _key.Seal(cipherText, _tag, header, 7);
        Check(header, () => TryOpen(cipherText, _tag, header, 7));
        Check(cipherText, () => TryOpen(cipherText, _tag, header, 7));
        Check(_tag, () => TryOpen(cipherText, _tag, header, 7));
        for (int bit = 0; bit < 64; bit++)
            Assert.That(TryOpen(cipherText, _tag, header, 7 ^ (1ul << bit)), Is.False);
        Assert.That(TryOpen(cipherText, _tag, header[1..], 7), Is.False, "a shorter header");
        Assert.That(TryOpen(cipherText, _tag, [.. header, 0], 7), Is.False, "a longer header");
        Assert.That(TryOpen(cipherText[1..], _tag, header, 7), Is.False, "a shorter text");
        Assert.That(_key.TryOpen([.. cipherText], _tag.AsSpan(1), header, 7), Is.False, "a shorter tag");
        Assert.That(TryOpen(cipherText, _tag, header, 7), "unchanged");

        static void Check(byte[] bytes, Func<bool> open)
        {
            for (int bit = 0; bit < bytes.Length * 8; bit++)
            {
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
                Assert.That(open(), Is.False, $"bit {bit} of {bytes.Length} bytes");
                bytes[bit / 8] ^= (byte)(1 << (bit % 8));
            }
        }

        bool TryOpen(byte[] cipherText, byte[] tag, byte[] header, ulong nonce)
        {
            byte[] opened = [.. cipherText];
            if (_key.TryOpen(opened, tag, header, nonce))
                return true;
            Assert.That(
                opened.SequenceEqual(cipherText) || opened.All(value => value == opened[0]),
                "what was refused stays as it was, or is overwritten with one value"
            );
            return false;
        }
    }

    [Test]
    public void Another_key_opens_nothing()
    {
        byte[] text = new byte[64];
        _key.Seal(text, _tag, _header, 1);
        using AeadKey another = AeadKey.Create(suite, RandomNumberGenerator.GetBytes(AeadKey.KeyLength));
        Assert.That(another.TryOpen(text, _tag, _header, 1), Is.False);
    }

    [Test]
    public void Neither_success_nor_failure_allocates()
    {
        byte[] text = new byte[200];
        int opened = 0;
        int refused = 0;
        for (ulong warm = 0; warm < 2; warm++)
            Exchange(warm);
        opened = refused = 0;
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (ulong nonce = 0; nonce < 10_000; nonce++)
            Exchange(nonce);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
        Assert.That((opened, refused), Is.EqualTo((10_000, 10_000)));

        void Exchange(ulong nonce)
        {
            _key.Seal(text, _tag, _header, nonce);
            opened += _key.TryOpen(text, _tag, _header, nonce) ? 1 : 0;
            _key.Seal(text, _tag, _header, nonce);
            _tag[0] ^= 1;
            refused += _key.TryOpen(text, _tag, _header, nonce) ? 0 : 1;
        }
    }

    [Test]
    public void A_key_of_another_length_and_a_disposed_one_are_refused()
    {
        Assert.That(() => AeadKey.Create(suite, new byte[31]), Throws.TypeOf<ArgumentOutOfRangeException>());
        Assert.That(() => _key.Seal([], new byte[15], [], 0), Throws.TypeOf<ArgumentOutOfRangeException>());
        AeadKey key = AeadKey.Create(suite, _secret);
        key.Dispose();
        key.Dispose();
        Assert.That(() => key.Seal([], _tag, [], 0), Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => key.TryOpen([], _tag, [], 0), Throws.TypeOf<ObjectDisposedException>());
    }

    [Test]
    public void An_unknown_suite_is_not_supported()
    {
        Assert.That(AeadKey.IsSupported(0), Is.False);
        Assert.That(AeadKey.IsSupported((CipherSuite)3), Is.False);
        Assert.That(() => AeadKey.Create((CipherSuite)3, _secret), Throws.TypeOf<NotSupportedException>());
    }
}
