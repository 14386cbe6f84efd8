using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Keys;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>The key that both sides of the path prove to each other, and the seal of its frames.</content>
internal sealed partial class SessionPath
{
    private KeyExchange? _exchange; // of the first handshake
    private FrameKeys? _keys; // that it has led to
    private SealedFrames? _sealed;
    private byte[]? _cookie;
    private byte[]? _confirmation;

    /// <summary>The number of the key that both sides prove; 0 for none.</summary>
    public uint KeyId { get; private init; }

    /// <summary>By what the peer is known on this path: its key, or else its source.</summary>
    public LinkSource Identity => KeyId != 0 ? LinkSource.KeyHolder : Source;

    /// <summary>Its frames are sealed.</summary>
    public bool IsSealed => _sealed is not null;

    /// <summary>How its DATA frames are sealed.</summary>
    public IFrameProtection Protection => (IFrameProtection?)_sealed ?? NoProtection.Instance;

    /// <summary>
    /// Where the kernel vouches for the peer, no other process reads or writes what is between the two.
    /// </summary>
    public static bool IsToBeSealed(in LinkSource source, SessionOptions options) =>
        source.Strength < 2 || options.SealLocal;

    private PairKey? FindKey() => Peer.Keys.Find(KeyId, _options.Node, Peer.Node);

    // The keys are wiped; nothing more is read or written.
    private void DisposeKeys()
    {
        _exchange?.Dispose();
        _renewal?.Dispose();
        _keys?.Dispose();
        _sealed?.Dispose();
        (_exchange, _renewal, _keys) = (null, null, null);
    }

    // Adds the cryptographic block to a handshake frame.
    private int WriteBlock(in Handshake handshake, Span<byte> frame)
    {
        if (KeyId == 0)
            return WireFormat.Handshake;
        if (FindKey() is not { } key)
            return 0; // it was removed, and the owner ends the path
        switch (handshake.Type)
        {
            case FrameType.Init:
                _exchange ??= KeyExchange.Initiate(
                    key,
                    Peer.Suite,
                    IsToBeSealed(Source, _options),
                    handshake,
                    before: [],
                    Peer.Random
                );
                return _exchange.Write(key, frame, _cookie);
            case FrameType.Response:
                return _exchange!.Write(key, frame, cookie: []);
            default:
                return _exchange!.WriteConfirmation(key, frame, _confirmation);
        }
    }

    // Whether a handshake frame was written by a holder of the key.
    private bool IsAuthentic(in Handshake handshake, ReadOnlySpan<byte> frame, out CryptoBlock block)
    {
        block = default;
        if (KeyId == 0 && handshake.KeyId == 0)
            return true;
        if (
            handshake.KeyId == KeyId
            && CryptoBlock.TryFind(frame, out block)
            && FindKey() is { } key
            && key.HasWritten(block.Frame)
        )
            return true;
        _statistics.Forged();
        return false;
    }

    // The RESPONSE proves the key, and leads to the keys of the path.
    private bool TryTakeResponse(in CryptoBlock block)
    {
        if (KeyId == 0)
            return true;
        if (_exchange?.TryComplete(block) != true)
        {
            _statistics.Forged();
            return false;
        }

        if (_keys is null)
            SetKeys(_exchange);
        return true;
    }

    // The CONFIRM proves that the peer has computed the keys; an INIT may be a repetition of an old one.
    private bool IsConfirmation(in CryptoBlock block)
    {
        if (KeyId == 0 || _keys?.IsConfirmation(block.Content) == true)
            return true;
        _statistics.Forged();
        return false;
    }

    private void SetKeys(KeyExchange exchange)
    {
        _keys = exchange.TakeKeys(generation: 0);
        if (exchange.IsSealed)
            _sealed = new SealedFrames(_keys);
        if (!IsInitiator)
            return;
        _confirmation = new byte[AeadKey.TagLength];
        _keys.WriteConfirmation(_confirmation);
    }

    // With another suite the handshake begins anew: its first message is bound to the suite.
    private void OnRejected(long now, in Reject reject)
    {
        Peer.OnRejected(this, reject);
        if (Phase == PathPhase.Initiating && _exchange is not null && _exchange.Suite != Peer.Suite)
            Finish(now, "the processor of the peer lacks the cipher");
    }

    // The peer answers no INIT without a cookie.
    private void ReadCookie(long now, ReadOnlySpan<byte> frame)
    {
        if (
            Phase != PathPhase.Initiating
            || !Cookie.TryRead(frame, out Cookie cookie)
            || cookie.ReceiverIndex != LocalIndex
            || cookie.EchoedIncarnation != _options.Incarnation
            || FindKey() is not { } key
            || !key.HasWritten(cookie.Frame)
        )
        {
            _statistics.Malformed();
            return;
        }

        if (_cookie is not null && cookie.Value.SequenceEqual(_cookie))
            return; // the INIT with it is under way
        _cookie = cookie.Value.ToArray();
        _initDue = now;
    }
}
