using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>
/// The cryptographic block of a handshake frame with a key: suite u8, flags u8, 6 reserved bytes, cookie, what the
/// suite has to say, and the hash of all that precedes it in the frame.
/// </summary>
internal readonly ref struct CryptoBlock
{
    /// <summary>
    /// suite u8, flags u8, 6 reserved bytes: with 2, Wireshark would take the first frame of a handshake for one of
    /// WireGuard, by its length of 148.
    /// </summary>
    public const int Prefix = 8;

    public const int CookieLength = 16;
    public const int HashLength = 16;

    /// <summary>Bytes of the block besides those of the suite.</summary>
    public const int Overhead = Prefix + CookieLength + HashLength;

    /// <summary>The flag of a path whose frames are sealed.</summary>
    public const byte Sealed = 1;

    private readonly ReadOnlySpan<byte> _frame;

    private CryptoBlock(ReadOnlySpan<byte> frame) => _frame = frame;

    /// <summary>The header and the first bytes of the block.</summary>
    public ReadOnlySpan<byte> Start => _frame[..(WireFormat.Handshake + Prefix)];

    public byte Suite => _frame[WireFormat.Handshake];

    public bool IsSealed => (_frame[WireFormat.Handshake + 1] & Sealed) != 0;

    public ReadOnlySpan<byte> Cookie => _frame.Slice(WireFormat.Handshake + Prefix, CookieLength);

    public ReadOnlySpan<byte> Content => _frame[(WireFormat.Handshake + Prefix + CookieLength)..^HashLength];

    /// <summary>The frame from its start to the end of the block.</summary>
    public ReadOnlySpan<byte> Frame => _frame;

    /// <summary>Finds the block of a frame that <see cref="Handshake"/> has read.</summary>
    public static bool TryFind(ReadOnlySpan<byte> frame, out CryptoBlock block)
    {
        int length = BinaryPrimitives.ReadUInt16LittleEndian(frame[WireFormat.CryptoLength..]);
        block = length >= Overhead ? new CryptoBlock(frame[..(WireFormat.Handshake + length)]) : default;
        return length >= Overhead;
    }

    /// <summary>Writes the block, without its hash, behind a handshake.</summary>
    /// <param name="frame">The frame.</param>
    /// <param name="suite">The suite.</param>
    /// <param name="isSealed">See <see cref="Sealed"/>.</param>
    /// <param name="cookie">The peer's cookie; empty for none.</param>
    /// <param name="content">What the suite has to say.</param>
    /// <returns>The length of the frame with the hash, which comes last.</returns>
    public static int Write(
        Span<byte> frame,
        byte suite,
        bool isSealed,
        ReadOnlySpan<byte> cookie,
        ReadOnlySpan<byte> content
    )
    {
        int length = Overhead + content.Length;
        BinaryPrimitives.WriteUInt16LittleEndian(frame[WireFormat.CryptoLength..], (ushort)length);
        Span<byte> block = frame.Slice(WireFormat.Handshake, length);
        block[..(Prefix + CookieLength)].Clear();
        block[0] = suite;
        block[1] = isSealed ? Sealed : (byte)0;
        cookie.CopyTo(block[Prefix..]);
        content.CopyTo(block[(Prefix + CookieLength)..]);
        return WireFormat.Handshake + length;
    }
}
