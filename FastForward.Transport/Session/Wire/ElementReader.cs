using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>Reads the elements of a DATA frame. Lengths are checked: it never reads outside the frame.</summary>
internal ref struct ElementReader
{
    private readonly ReadOnlySpan<byte> _elements;

    /// <param name="elements">The frame without its header.</param>
    /// <param name="position">Where to begin: 0, or a former <see cref="Position"/>.</param>
    public ElementReader(ReadOnlySpan<byte> elements, int position = 0)
    {
        _elements = elements;
        Position = position;
    }

    /// <summary>The end of the element, where the next one begins.</summary>
    public int Position { get; private set; }

    public ElementType Type { get; private set; }

    public byte Bits { get; private set; }

    /// <summary>The element without its header.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>The frame ended inside an element.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Advances to the next element that is not padding.</summary>
    public bool Next()
    {
        while (Position < _elements.Length && _elements[Position] == (byte)ElementType.Padding)
            Position++;
        ReadOnlySpan<byte> rest = _elements[Position..];
        if (rest.IsEmpty)
            return false;
        if (rest.Length < WireFormat.ElementHeader)
            return Fail();
        int length = BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]);
        if (length > rest.Length - WireFormat.ElementHeader)
            return Fail();
        Type = (ElementType)rest[0];
        Bits = rest[1];
        Body = rest.Slice(WireFormat.ElementHeader, length);
        Position += WireFormat.ElementHeader + length;
        return true;
    }

    private bool Fail()
    {
        IsMalformed = true;
        return false;
    }
}
