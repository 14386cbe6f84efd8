using BenchmarkDotNet.Attributes;
using FastForward.Transport.Cryptography;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>
/// Ways to call authenticated encryption, for frames with a header of 20 bytes: sealing one, sealing and opening one,
/// and refusing a forged one.
/// </summary>
[MemoryDiagnoser]
public class EncryptionSuite
{
    private readonly byte[] _header = new byte[20];
    private readonly byte[] _tag = new byte[AeadKey.TagLength];
    private readonly byte[] _wrongTag = new byte[AeadKey.TagLength];
    private IAeadContestant _contestant = null!;
    private byte[] _text = null!;
    private ulong _nonce;

    [Params("AesGcm", "ChaChaPoly")]
    public string Suite { get; set; } = "";

    [Params("FastForward", "NSec", "OpenSSL", ".NET")]
    public string Implementation { get; set; } = "";

    [Params(64, 200, 1200)]
    public int Bytes { get; set; }

    [GlobalSetup]
    public void SetUp()
    {
        CipherSuite suite = Enum.Parse<CipherSuite>(Suite);
        byte[] key = [.. Enumerable.Range(1, AeadKey.KeyLength).Select(static value => (byte)value)];
        _contestant = Implementation switch
        {
            "FastForward" => new OwnAead(suite, key),
            "NSec" => new NSecAead(suite, key),
            "OpenSSL" => new OpenSslAead(suite, key),
            _ => new LibraryAead(suite, key),
        };
        _text = new byte[Bytes];
        if (!SealAndOpen() || Refuse())
            throw new InvalidOperationException(
                $"{Implementation} does not open what it has sealed, or anything else."
            );
    }

    [GlobalCleanup]
    public void CleanUp() => _contestant.Dispose();

    [Benchmark]
    public void Seal() => _contestant.Seal(_text, _tag, _header, ++_nonce);

    [Benchmark]
    public bool SealAndOpen()
    {
        _contestant.Seal(_text, _tag, _header, ++_nonce);
        return _contestant.TryOpen(_text, _tag, _header, _nonce);
    }

    [Benchmark]
    public bool Refuse() => _contestant.TryOpen(_text, _wrongTag, _header, ++_nonce);
}
