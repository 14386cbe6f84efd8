namespace FastForward.Transport.Cryptography;

/// <summary>
/// The handshake Noise_NNpsk0 (Noise, revision 34, 7.4 and 9): two messages, <c>psk, e</c> and <c>e, ee</c>, each
/// with a payload. It proves to both sides that the other one has the pre-shared key, and gives new keys for
/// both directions. No I/O, no clock, no random source.
/// </summary>
internal sealed class NoiseHandshake : IDisposable
{
    /// <summary>Bytes of a message beside its payload: an ephemeral public key and a tag.</summary>
    public const int Overhead = KeyAgreement.KeyLength + AeadKey.TagLength;

    /// <summary>Bytes of the pre-shared key.</summary>
    public const int PskLength = 32;

    private const int Messages = 2;

    private readonly SymmetricState _state;
    private readonly SecretMemory _secrets = new(PskLength + 2 * KeyAgreement.KeyLength);
    private readonly bool _initiator;
    private int _messages;
    private bool _isSplit;

    /// <param name="suite">A suite that this machine supports.</param>
    /// <param name="initiator">Whether this side writes the first message.</param>
    /// <param name="psk">32 bytes, random.</param>
    /// <param name="prologue">What both sides must have sent or received alike.</param>
    /// <param name="ephemeralPrivateKey">32 random bytes, for this handshake only.</param>
    public NoiseHandshake(
        CipherSuite suite,
        bool initiator,
        ReadOnlySpan<byte> psk,
        ReadOnlySpan<byte> prologue,
        ReadOnlySpan<byte> ephemeralPrivateKey
    )
    {
        ArgumentOutOfRangeException.ThrowIfNotEqual(psk.Length, PskLength);
        ArgumentOutOfRangeException.ThrowIfNotEqual(ephemeralPrivateKey.Length, KeyAgreement.KeyLength);
        _state = new SymmetricState(suite, NameOf(suite));
        _initiator = initiator;
        psk.CopyTo(Psk);
        ephemeralPrivateKey.CopyTo(Ephemeral);
        _state.MixHash(prologue);
    }

    /// <summary>Whether both messages were exchanged, so that <see cref="Split"/> gives the keys.</summary>
    public bool IsComplete => _messages == Messages;

    /// <summary>The hash of all that was exchanged, at the end the same on both sides. Not secret.</summary>
    public ReadOnlySpan<byte> Hash => _state.Hash;

    private Span<byte> Psk => _secrets.Bytes[..PskLength];

    private Span<byte> Ephemeral => _secrets.Bytes.Slice(PskLength, KeyAgreement.KeyLength);

    private Span<byte> Shared => _secrets.Bytes.Slice(PskLength + KeyAgreement.KeyLength, KeyAgreement.KeyLength);

    private bool IsOwnTurn => _messages < Messages && _messages == 0 == _initiator;

    /// <summary>Writes this side's message.</summary>
    /// <param name="payload">What it carries; must not overlap the message.</param>
    /// <param name="message">Has room for the payload and <see cref="Overhead"/>.</param>
    /// <returns>Bytes written.</returns>
    public int WriteMessage(ReadOnlySpan<byte> payload, Span<byte> message)
    {
        if (!IsOwnTurn)
            throw new InvalidOperationException("It is not this side's turn to write.");
        message = message[..(payload.Length + Overhead)];
        Span<byte> publicKey = message[..KeyAgreement.KeyLength];
        KeyAgreement.WritePublicKey(Ephemeral, publicKey);
        if (_initiator)
            _state.MixKeyAndHash(Psk);
        MixPublicKey(publicKey);
        if (!_initiator)
            _state.MixKey(Shared);
        _state.EncryptAndHash(payload, message[KeyAgreement.KeyLength..]);
        Advance();
        return message.Length;
    }

    /// <summary>Reads the other side's message.</summary>
    /// <param name="message">Exactly the message.</param>
    /// <param name="payload">Has room for the payload, which is authentic; must not overlap the message.</param>
    /// <param name="length">Bytes of the payload.</param>
    /// <returns>
    /// False when the message is not authentic, not expected, or longer than the payload may be. It has changed nothing
    /// then: another message may be the right one.
    /// </returns>
    public bool TryReadMessage(ReadOnlySpan<byte> message, Span<byte> payload, out int length)
    {
        length = 0;
        int carried = message.Length - Overhead;
        if (IsComplete || IsOwnTurn || carried < 0 || carried > payload.Length)
            return false;
        _state.Save();
        if (!TryRead(message, payload[..carried]))
        {
            _state.Restore();
            return false;
        }

        Advance();
        length = carried;
        return true;
    }

    /// <summary>The keys for what this side sends and receives. Once, after the handshake is complete.</summary>
    public void Split(out AeadKey send, out AeadKey receive)
    {
        if (!IsComplete || _isSplit)
            throw new InvalidOperationException("The handshake is not complete, or its keys were taken before.");
        _isSplit = true;
        if (_initiator)
            _state.Split(out send, out receive);
        else
            _state.Split(out receive, out send);
    }

    /// <summary>Overwrites all secrets.</summary>
    public void Dispose()
    {
        _state.Dispose();
        _secrets.Dispose();
    }

    private bool TryRead(ReadOnlySpan<byte> message, Span<byte> payload)
    {
        ReadOnlySpan<byte> publicKey = message[..KeyAgreement.KeyLength];
        ReadOnlySpan<byte> encrypted = message[KeyAgreement.KeyLength..];
        if (!_initiator)
            _state.MixKeyAndHash(Psk);
        MixPublicKey(publicKey);
        if (_initiator)
        {
            if (!KeyAgreement.TryAgree(Ephemeral, publicKey, Shared))
                return false;
            _state.MixKey(Shared);
            return _state.TryDecryptAndHash(encrypted, payload);
        }

        // The agreement is needed for the answer only, so it waits for the proof of the key, which costs less.
        if (!_state.TryDecryptAndHash(encrypted, payload))
            return false;
        if (KeyAgreement.TryAgree(Ephemeral, publicKey, Shared))
            return true;
        payload.Clear();
        return false;
    }

    // In handshakes with a pre-shared key an ephemeral key is mixed into the key as well (Noise, 9.2).
    private void MixPublicKey(ReadOnlySpan<byte> publicKey)
    {
        _state.MixHash(publicKey);
        _state.MixKey(publicKey);
    }

    private void Advance()
    {
        _messages++;
        if (IsComplete)
            _secrets.Bytes.Clear();
    }

    private static ReadOnlySpan<byte> NameOf(CipherSuite suite) =>
        suite switch
        {
            CipherSuite.AesGcm => "Noise_NNpsk0_25519_AESGCM_SHA256"u8,
            CipherSuite.ChaChaPoly => "Noise_NNpsk0_25519_ChaChaPoly_SHA256"u8,
            _ => throw new ArgumentOutOfRangeException(nameof(suite), suite, "An unknown suite."),
        };
}
