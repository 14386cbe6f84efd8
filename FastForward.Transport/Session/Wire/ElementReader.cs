using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>Reads the elements of a DATA frame. Lengths are checked: it never reads outside the frame.</summary>
internal ref struct ElementReader
{
    private readonly ReadOnlySpan<byte> _elements;
    private int _position;

    /// <param name="elements">The frame without its header.</param>
    public ElementReader(ReadOnlySpan<byte> elements) => _elements = elements;

    public ElementType Type { get; private set; }

    public byte Bits { get; private set; }

    /// <summary>The element without its header.</summary>
    public ReadOnlySpan<byte> Body { get; private set; }

    /// <summary>The frame ended inside an element.</summary>
    public bool IsMalformed { get; private set; }

    /// <summary>Advances to the next element that is not padding.</summary>
    public bool Next()
    {
        while (_position < _elements.Length && _elements[_position] == (byte)ElementType.Padding)
            _position++;
        ReadOnlySpan<byte> rest = _elements[_position..];
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
        _position += WireFormat.ElementHeader + length;
        return true;
    }

    private bool Fail()
    {
        IsMalformed = true;
        return false;
    }
}
