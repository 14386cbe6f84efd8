using System.Globalization;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session.Keys;

/// <summary>
/// What an INIT with a key has to pass, in the order of cost: a look-up, one hash, and where it is called for a cookie.
/// Bounds how many handshakes cost more than that, and how many refusals are written.
/// </summary>
internal sealed class HandshakeGuard(IKeySource keys, SessionRandom random)
{
    private const long Interval = 1_000_000;
    private const int ExchangesPerInterval = 32;
    private const int RefusalsPerInterval = 16;
    private const int ChecksPerInterval = 256;

    private readonly Cookies _cookies = new(random);
    private long _since = long.MinValue / 2;
    private int _exchanges;
    private int _refusals;
    private int _checks;

    /// <summary>So many handshakes have come that each one needs a cookie.</summary>
    private bool IsBusy => _exchanges >= ExchangesPerInterval;

    /// <summary>Why the INIT proves nothing; null when a holder of the key has written it, now or earlier.</summary>
    public RejectReason? FindFault(in Handshake init, ReadOnlySpan<byte> frame)
    {
        if (keys.Find(init.KeyId, init.To, init.From) is not { } key)
            return RejectReason.KeyUnknown;
        if (!CryptoBlock.TryFind(frame, out CryptoBlock block) || !key.HasWritten(block.Frame))
            return RejectReason.WrongProof;
        return AeadKey.IsSupported((CipherSuite)block.Suite) ? null : RejectReason.CipherUnsupported;
    }

    /// <summary>Whether the INIT must be repeated with a cookie.</summary>
    /// <param name="now">The time.</param>
    /// <param name="init">The INIT, which has no fault.</param>
    /// <param name="frame">Its frame.</param>
    /// <param name="source">Where it comes from.</param>
    /// <param name="isToBeFresh">It must not be a repetition of an old one.</param>
    public bool NeedsCookie(
        long now,
        in Handshake init,
        ReadOnlySpan<byte> frame,
        in LinkSource source,
        bool isToBeFresh
    )
    {
        Refill(now);
        CryptoBlock.TryFind(frame, out CryptoBlock block);
        return (isToBeFresh || IsBusy) && !_cookies.IsValid(now, init, source, block.Cookie);
    }

    /// <summary>Writes the COOKIE for an INIT.</summary>
    /// <returns>Its length.</returns>
    public int WriteCookie(long now, in Handshake init, in LinkSource source, Span<byte> frame)
    {
        Span<byte> value = stackalloc byte[CryptoBlock.CookieLength];
        _cookies.Write(now, init, source, value);
        Cookie.Write(frame, init, value);
        keys.Find(init.KeyId, init.To, init.From)!.WriteHash(frame[..WireFormat.Cookie]);
        return WireFormat.Cookie;
    }

    /// <summary>Answers the key exchange of an INIT that has passed everything else.</summary>
    /// <returns>Null when it proves nothing.</returns>
    public KeyExchange? Answer(long now, in Handshake init, ReadOnlySpan<byte> frame, bool isSealed)
    {
        Refill(now);
        _exchanges++;
        return keys.Find(init.KeyId, init.To, init.From) is { } key && CryptoBlock.TryFind(frame, out CryptoBlock block)
            ? KeyExchange.Answer(key, isSealed, block, before: [], random)
            : null;
    }

    /// <summary>It may be found out whether a source could be the node.</summary>
    public bool TryCheck(long now)
    {
        Refill(now);
        return _checks++ < ChecksPerInterval;
    }

    /// <summary>A refusal may be written, and reported.</summary>
    public bool TryRefuse(long now)
    {
        Refill(now);
        return _refusals++ < RefusalsPerInterval;
    }

    /// <summary>What is wrong with the key, for logs and events of this node; null for other reasons.</summary>
    public static string? Explain(RejectReason fault, in Handshake init, in LinkSource source) =>
        fault switch
        {
            RejectReason.KeyUnknown => string.Create(
                CultureInfo.InvariantCulture,
                $"it connects with key {init.KeyId} from {source}, and this node has no such key for it: add the "
                    + $"key here, or correct the row there"
            ),
            RejectReason.WrongProof => string.Create(
                CultureInfo.InvariantCulture,
                $"it connects with key {init.KeyId} from {source}, but its key {init.KeyId} is another one: copy the "
                    + $"key from one node to the other"
            ),
            RejectReason.CipherUnsupported =>
                $"it connects from {source} with a cipher that this processor lacks, and goes on with another one",
            _ => null,
        };

    private void Refill(long now)
    {
        if (now - _since < Interval)
            return;
        _since = now;
        _exchanges = 0;
        _refusals = 0;
        _checks = 0;
    }
}
