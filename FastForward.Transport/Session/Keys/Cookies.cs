using System.Buffers.Binary;
using FastForward.Transport.Cryptography;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session.Keys;

/// <summary>
/// Cookies for handshakes: a sender that returns one gets what is sent to the source of the INIT, and has sent it
/// lately. Nothing is kept of the INITs.
/// </summary>
internal sealed class Cookies
{
    private const long Period = 120_000_000;

    private readonly byte[] _secret = new byte[32];

    public Cookies(SessionRandom random) => random.Fill(_secret);

    /// <summary>The cookie for an INIT.</summary>
    public void Write(long now, in Handshake init, in LinkSource source, Span<byte> cookie) =>
        Compute(now / Period, init, source, cookie);

    /// <summary>Whether the cookie is of this or the former period.</summary>
    public bool IsValid(long now, in Handshake init, in LinkSource source, ReadOnlySpan<byte> cookie)
    {
        Span<byte> expected = stackalloc byte[CryptoBlock.CookieLength];
        Compute(now / Period, init, source, expected);
        if (expected.SequenceEqual(cookie))
            return true;
        Compute((now / Period) - 1, init, source, expected);
        return expected.SequenceEqual(cookie);
    }

    private void Compute(long period, in Handshake init, in LinkSource source, Span<byte> cookie)
    {
        Span<byte> data = stackalloc byte[8 + 4 + 4 + 8 + LinkSource.Length];
        BinaryPrimitives.WriteInt64LittleEndian(data, period);
        BinaryPrimitives.WriteUInt32LittleEndian(data[8..], init.From);
        BinaryPrimitives.WriteUInt32LittleEndian(data[12..], init.SenderIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(data[16..], init.Incarnation);
        source.Write(data[24..]);
        KeyedHash.Compute(_secret, data, cookie);
    }
}
