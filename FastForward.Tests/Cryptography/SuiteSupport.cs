using FastForward.Transport.Cryptography;

namespace FastForward.Tests.Cryptography;

/// <summary>A processor without instructions for AES cannot run the tests of AES-GCM.</summary>
internal static class SuiteSupport
{
    public static void Require(CipherSuite suite)
    {
        if (!AeadKey.IsSupported(suite))
            TestEnvironment.Missing($"This processor does not support {suite}.");
    }
}
