using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

public sealed class KeyedHashTests
{
    private static readonly byte[] s_key = [.. Enumerable.Range(0, 32).Select(static value => (byte)value)];

    // Computed by hashlib.blake2b of Python.
    [TestCase("FastForward", "9e05c8184bca955bc0cd29a99da49060")]
    [TestCase("", "4e51e7a913fc80137da52880fecca175bf81e117d5c68126dc2774033517ea0d")]
    public void It_is_keyed_BLAKE2b(string data, string expected)
    {
        byte[] hash = new byte[expected.Length / 2];
        KeyedHash.Compute(s_key, System.Text.Encoding.ASCII.GetBytes(data), hash);
        Assert.That(Convert.ToHexStringLower(hash), Is.EqualTo(expected));
    }

    [Test]
    public void Only_the_same_key_and_data_match()
    {
        byte[] data = [1, 2, 3];
        byte[] proof = new byte[KeyedHash.ProofLength];
        KeyedHash.Compute(s_key, data, proof);
        Assert.That(KeyedHash.Matches(s_key, data, proof));
        Assert.That(KeyedHash.Matches(s_key, data.AsSpan(1), proof), Is.False);
        Assert.That(KeyedHash.Matches([.. s_key[1..], 0], data, proof), Is.False);
        Assert.That(KeyedHash.Matches(s_key, data, proof.AsSpan(1)), Is.False);
        for (int bit = 0; bit < proof.Length * 8; bit++)
        {
            proof[bit / 8] ^= (byte)(1 << (bit % 8));
            Assert.That(KeyedHash.Matches(s_key, data, proof), Is.False);
            proof[bit / 8] ^= (byte)(1 << (bit % 8));
        }
    }

    [Test]
    public void Keys_and_hashes_of_other_lengths_are_refused([Values(0, 15, 65)] int length)
    {
        Assert.That(
            () => KeyedHash.Compute(new byte[length], [], new byte[16]),
            Throws.TypeOf<ArgumentOutOfRangeException>()
        );
        Assert.That(
            () => KeyedHash.Compute(new byte[32], [], new byte[length]),
            Throws.TypeOf<ArgumentOutOfRangeException>()
        );
    }

    [Test]
    public void It_allocates_nothing()
    {
        byte[] data = new byte[1200];
        byte[] proof = new byte[KeyedHash.ProofLength];
        KeyedHash.Matches(s_key, data, proof);
        long before = GC.GetAllocatedBytesForCurrentThread();
        for (int i = 0; i < 10_000; i++)
            KeyedHash.Matches(s_key, data, proof);
        Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero);
    }
}
