using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

public sealed class KeyAgreementTests
{
    // RFC 7748, 6.1.
    private const string AlicePrivate = "77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a";
    private const string AlicePublic = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a";
    private const string BobPrivate = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb";
    private const string BobPublic = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f";
    private const string Secret = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742";

    // All keys of small order, as RFC 7748 and the curve have them: 0, 1, two of order 8, p - 1, p, p + 1.
    private static readonly string[] s_smallOrder =
    [
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
        "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ];

    [TestCase(AlicePrivate, AlicePublic, BobPublic)]
    [TestCase(BobPrivate, BobPublic, AlicePublic)]
    public void The_vectors_of_the_standard_are_reproduced(string own, string expected, string other)
    {
        byte[] publicKey = new byte[KeyAgreement.KeyLength];
        byte[] secret = new byte[KeyAgreement.KeyLength];
        KeyAgreement.WritePublicKey(Convert.FromHexString(own), publicKey);
        Assert.That(Convert.ToHexStringLower(publicKey), Is.EqualTo(expected));
        Assert.That(KeyAgreement.TryAgree(Convert.FromHexString(own), Convert.FromHexString(other), secret));
        Assert.That(Convert.ToHexStringLower(secret), Is.EqualTo(Secret));
    }

    [TestCaseSource(nameof(s_smallOrder))]
    public void A_public_key_that_leaves_no_secret_is_refused(string publicKey)
    {
        byte[] secret = new byte[KeyAgreement.KeyLength];
        Assert.That(
            KeyAgreement.TryAgree(Convert.FromHexString(AlicePrivate), Convert.FromHexString(publicKey), secret),
            Is.False
        );
        Assert.That(secret, Is.EqualTo(new byte[KeyAgreement.KeyLength]));
    }
}
