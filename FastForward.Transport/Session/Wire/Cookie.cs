using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>
/// The answer to an INIT that is to be repeated with a cookie: it shows that its sender gets what is sent to it now.
/// </summary>
internal readonly ref struct Cookie
{
    private readonly ReadOnlySpan<byte> _frame;

    private Cookie(ReadOnlySpan<byte> frame) => _frame = frame;

    /// <summary>The sender index of the INIT.</summary>
    public uint ReceiverIndex => BinaryPrimitives.ReadUInt32LittleEndian(_frame[4..]);

    /// <summary>The incarnation in the INIT.</summary>
    public ulong EchoedIncarnation => BinaryPrimitives.ReadUInt64LittleEndian(_frame[8..]);

    public ReadOnlySpan<byte> Value => _frame.Slice(16, CryptoBlock.CookieLength);

    /// <summary>The frame, without bytes behind it.</summary>
    public ReadOnlySpan<byte> Frame => _frame;

    /// <summary>Writes the frame without its hash, which comes last.</summary>
    public static void Write(Span<byte> frame, in Handshake init, ReadOnlySpan<byte> value)
    {
        frame[..WireFormat.Cookie].Clear();
        frame[0] = WireFormat.Version;
        frame[1] = (byte)FrameType.Cookie;
        BinaryPrimitives.WriteUInt32LittleEndian(frame[4..], init.SenderIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(frame[8..], init.Incarnation);
        value.CopyTo(frame[16..]);
    }

    public static bool TryRead(ReadOnlySpan<byte> frame, out Cookie cookie)
    {
        bool isCookie =
            frame.Length >= WireFormat.Cookie && frame[0] == WireFormat.Version && frame[1] == (byte)FrameType.Cookie;
        cookie = isCookie ? new Cookie(frame[..WireFormat.Cookie]) : default;
        return isCookie;
    }
}
