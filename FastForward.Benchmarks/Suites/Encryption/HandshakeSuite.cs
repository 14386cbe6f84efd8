using BenchmarkDotNet.Attributes;
using FastForward.Transport.Cryptography;

namespace FastForward.Benchmarks.Suites.Encryption;

/// <summary>What handshakes cost, and what it costs to refuse a forged one.</summary>
[MemoryDiagnoser]
public class HandshakeSuite
{
    private readonly byte[] _psk = new byte[NoiseHandshake.PskLength];
    private readonly byte[] _prologue = new byte[64];
    private readonly byte[] _ephemeral = new byte[KeyAgreement.KeyLength];
    private readonly byte[] _first = new byte[NoiseHandshake.Overhead];
    private readonly byte[] _second = new byte[NoiseHandshake.Overhead];
    private readonly byte[] _forged = new byte[NoiseHandshake.Overhead];
    private readonly byte[] _proof = new byte[KeyedHash.ProofLength];

    /// <summary>Both sides of a handshake, until both have their keys.</summary>
    [Benchmark]
    public void BothSides()
    {
        using NoiseHandshake initiator = Create(initiator: true);
        using NoiseHandshake responder = Create(initiator: false);
        initiator.WriteMessage([], _first);
        responder.TryReadMessage(_first, [], out _);
        responder.WriteMessage([], _second);
        initiator.TryReadMessage(_second, [], out _);
        Free(initiator);
        Free(responder);
    }

    /// <summary>A first message by someone without the key, in a new handshake.</summary>
    [Benchmark]
    public bool RefuseFirstMessage()
    {
        using NoiseHandshake responder = Create(initiator: false);
        return responder.TryReadMessage(_forged, [], out _);
    }

    /// <summary>A keyed hash of a message, which is what is checked before.</summary>
    [Benchmark]
    public bool RefuseByHash() => KeyedHash.Matches(_psk, _forged, _proof);

    private NoiseHandshake Create(bool initiator) =>
        new(CipherSuite.ChaChaPoly, initiator, _psk, _prologue, _ephemeral);

    private static void Free(NoiseHandshake handshake)
    {
        handshake.Split(out AeadKey send, out AeadKey receive);
        send.Dispose();
        receive.Dispose();
    }
}
