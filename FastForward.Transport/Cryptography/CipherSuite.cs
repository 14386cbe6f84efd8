namespace FastForward.Transport.Cryptography;

/// <summary>The primitives of a path; the number is on the wire.</summary>
internal enum CipherSuite : byte
{
    /// <summary>Noise_NNpsk0_25519_AESGCM_SHA256; AES with keys of 256 bits.</summary>
    AesGcm = 1,

    /// <summary>Noise_NNpsk0_25519_ChaChaPoly_SHA256.</summary>
    ChaChaPoly = 2,
}
