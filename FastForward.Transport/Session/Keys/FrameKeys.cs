using FastForward.Transport.Cryptography;

namespace FastForward.Transport.Session.Keys;

/// <summary>The keys that one exchange leads to, one for each direction.</summary>
internal sealed class FrameKeys(byte generation, AeadKey send, AeadKey receive, byte[] exchange) : IDisposable
{
    // Above all packet numbers that a key is used for.
    private const ulong ConfirmationNonce = ulong.MaxValue - 1;

    /// <summary>Their number on the path, modulo 256.</summary>
    public byte Generation => generation;

    public AeadKey Send => send;

    public AeadKey Receive => receive;

    /// <summary>The hash of the exchange, which the next one of the path continues.</summary>
    public ReadOnlySpan<byte> Exchange => exchange;

    /// <summary>Writes what shows that this side has the keys. It is the same each time.</summary>
    public void WriteConfirmation(Span<byte> tag) => send.Seal([], tag, exchange, ConfirmationNonce);

    /// <summary>Whether it shows that the peer has the keys.</summary>
    public bool IsConfirmation(ReadOnlySpan<byte> tag) =>
        tag.Length == AeadKey.TagLength && receive.TryOpen([], tag, exchange, ConfirmationNonce);

    public void Dispose()
    {
        send.Dispose();
        receive.Dispose();
    }
}
