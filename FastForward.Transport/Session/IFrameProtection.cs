namespace FastForward.Transport.Session;

/// <summary>Protects the DATA frames of a path in place: header authenticated, elements encrypted.</summary>
internal interface IFrameProtection
{
    /// <summary>Bytes of a frame that follow its elements: the tag.</summary>
    int Overhead { get; }

    /// <summary>Seals a frame that ends with room for the tag.</summary>
    /// <param name="frame">The whole frame.</param>
    /// <param name="packetNumber">Its packet number, never used before under the same key.</param>
    void Seal(Span<byte> frame, ulong packetNumber);

    /// <summary>Opens a frame of at least the header and <see cref="Overhead"/> bytes.</summary>
    /// <returns>False, and never an exception, when it is not authentic.</returns>
    bool TryOpen(Span<byte> frame, ulong packetNumber);
}

/// <summary>The protection of paths without a key: none.</summary>
internal sealed class NoProtection : IFrameProtection
{
    public static NoProtection Instance { get; } = new();

    public int Overhead => 0;

    public void Seal(Span<byte> frame, ulong packetNumber) { }

    public bool TryOpen(Span<byte> frame, ulong packetNumber) => true;
}
