using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session.Keys;

/// <summary>
/// The exchange of keys in INIT and RESPONSE: one message each of Noise NNpsk0 (revision 34), bound to what INIT says
/// of the two processes.
/// </summary>
internal sealed class KeyExchange : IDisposable
{
    /// <summary>The longest handshake frame, in bytes.</summary>
    public const int LongestFrame = WireFormat.Handshake + CryptoBlock.Overhead + MessageLength;

    // An ephemeral key and the tag of an empty payload.
    private const int MessageLength = 32 + AeadKey.TagLength;

    private readonly NoiseHandshake _noise;
    private readonly byte[] _own = new byte[MessageLength];
    private byte[]? _remote;
    private bool? _wantsSeal; // in the INIT, whatever the RESPONSE says

    private KeyExchange(NoiseHandshake noise, CipherSuite suite, bool isSealed)
    {
        _noise = noise;
        Suite = suite;
        IsSealed = isSealed;
    }

    public CipherSuite Suite { get; }

    /// <summary>The frames of the path are sealed, at the wish of one side or both.</summary>
    public bool IsSealed { get; private set; }

    /// <summary>The first message.</summary>
    /// <param name="key">The key.</param>
    /// <param name="suite">The suite.</param>
    /// <param name="isSealed">This node wants sealed frames.</param>
    /// <param name="init">The INIT; its repetitions may have another epoch and timestamp.</param>
    /// <param name="before">The hash of the former exchange of the path; empty for the first one.</param>
    /// <param name="random">The source of the ephemeral key.</param>
    public static KeyExchange Initiate(
        PairKey key,
        CipherSuite suite,
        bool isSealed,
        in Handshake init,
        ReadOnlySpan<byte> before,
        SessionRandom random
    )
    {
        Span<byte> start = stackalloc byte[WireFormat.Handshake + CryptoBlock.Prefix];
        start.Clear();
        init.Write(start);
        start[WireFormat.Handshake] = (byte)suite;
        start[WireFormat.Handshake + 1] = isSealed ? CryptoBlock.Sealed : (byte)0;
        NoiseHandshake noise = Create(key, suite, isInitiator: true, start, before, random);
        KeyExchange exchange = new(noise, suite, isSealed) { _wantsSeal = isSealed };
        exchange._noise.WriteMessage([], exchange._own);
        return exchange;
    }

    /// <summary>The answer to a first message. This costs two multiplications on the curve.</summary>
    /// <returns>Null when the message is not one of the key for this exchange.</returns>
    public static KeyExchange? Answer(
        PairKey key,
        bool isSealed,
        in CryptoBlock block,
        ReadOnlySpan<byte> before,
        SessionRandom random
    )
    {
        CipherSuite suite = (CipherSuite)block.Suite;
        if (block.Content.Length != MessageLength)
            return null;
        NoiseHandshake noise = Create(key, suite, isInitiator: false, block.Start, before, random);
        if (!noise.TryReadMessage(block.Content, [], out _))
        {
            noise.Dispose();
            return null;
        }

        KeyExchange exchange = new(noise, suite, isSealed || block.IsSealed) { _remote = block.Content.ToArray() };
        noise.WriteMessage([], exchange._own);
        return exchange;
    }

    /// <summary>The peer's message is that of the INIT.</summary>
    public bool Answers(in CryptoBlock init) => _remote is { } remote && init.Content.SequenceEqual(remote);

    /// <summary>Reads the message of the RESPONSE.</summary>
    /// <returns>False when it is not an answer to this exchange.</returns>
    public bool TryComplete(in CryptoBlock response)
    {
        if (_remote is not null)
            return response.Content.SequenceEqual(_remote);
        if (
            response.Suite != (byte)Suite
            || response.Content.Length != MessageLength
            || !_noise.TryReadMessage(response.Content, [], out _)
        )
            return false;
        _remote = response.Content.ToArray();
        IsSealed |= response.IsSealed;
        return true;
    }

    /// <summary>The keys. Once only, after both messages.</summary>
    public FrameKeys TakeKeys(byte generation)
    {
        byte[] hash = _noise.Hash.ToArray();
        _noise.Split(out AeadKey send, out AeadKey receive);
        _noise.Dispose();
        return new FrameKeys(generation, send, receive, hash);
    }

    /// <summary>Writes the block of an INIT or RESPONSE behind its header.</summary>
    /// <returns>The length of the frame.</returns>
    public int Write(PairKey key, Span<byte> frame, ReadOnlySpan<byte> cookie) =>
        Write(key, frame, _wantsSeal ?? IsSealed, cookie, _own);

    /// <summary>Writes the block of a CONFIRM behind its header.</summary>
    /// <returns>The length of the frame.</returns>
    public int WriteConfirmation(PairKey key, Span<byte> frame, ReadOnlySpan<byte> tag) =>
        Write(key, frame, IsSealed, cookie: [], tag);

    public void Dispose() => _noise.Dispose();

    private int Write(
        PairKey key,
        Span<byte> frame,
        bool isSealed,
        ReadOnlySpan<byte> cookie,
        ReadOnlySpan<byte> content
    )
    {
        int length = CryptoBlock.Write(frame, (byte)Suite, isSealed, cookie, content);
        key.WriteHash(frame[..length]);
        return length;
    }

    // What both sides agree on by the exchange: the INIT as it was sent, without what may differ in its repetitions.
    private static NoiseHandshake Create(
        PairKey key,
        CipherSuite suite,
        bool isInitiator,
        ReadOnlySpan<byte> start,
        ReadOnlySpan<byte> before,
        SessionRandom random
    )
    {
        Span<byte> prologue = stackalloc byte[WireFormat.Handshake + CryptoBlock.Prefix + 32];
        prologue.Clear();
        start.CopyTo(prologue);
        prologue.Slice(32, 8).Clear(); // the incarnation of the receiver
        prologue.Slice(48, 10).Clear(); // epoch, timestamp, length of the block
        before.CopyTo(prologue[start.Length..]);
        Span<byte> ephemeral = stackalloc byte[32];
        random.Fill(ephemeral);
        NoiseHandshake noise = new(suite, isInitiator, key.Secret, prologue, ephemeral);
        ephemeral.Clear();
        return noise;
    }
}
