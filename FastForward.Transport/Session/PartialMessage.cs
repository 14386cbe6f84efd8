using FastForward.Transport.Buffers;
using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>A reliable message that waits for missing parts of itself, or for messages before it.</summary>
internal sealed class PartialMessage
{
    private byte[] _buffer = [];
    private ByteRanges _arrived;
    private int _length = -1;
    private int _extent;

    /// <summary>It has arrived in more pieces than a sender makes: parts of 64 bytes, with gaps between.</summary>
    public bool IsTooFragmented => _arrived.Ranges > WireFormat.MaxReliableMessage / 64;

    /// <summary>It ends the stream.</summary>
    public bool IsEnd { get; private set; }

    /// <summary>There is no message, only an end.</summary>
    public bool IsMark { get; private set; }

    /// <summary>All of it has arrived.</summary>
    public bool IsWhole => _length >= 0 && _arrived.Count == _length;

    public ReadOnlySpan<byte> Payload => _buffer.AsSpan(0, _length);

    /// <summary>The credit that it uses so far.</summary>
    public int Credit => IsMark ? 0 : _extent + WireFormat.CreditPerMessage;

    /// <summary>The credit that it will use with another part.</summary>
    public int CreditWith(in MessageElement part) =>
        part.IsMark ? 0 : Math.Max(_extent, part.Offset + part.Payload.Length) + WireFormat.CreditPerMessage;

    /// <summary>Adds a part.</summary>
    public void Add(in MessageElement part, BufferPool buffers)
    {
        int end = part.Offset + part.Payload.Length;
        if (_length >= 0 && (end > _length || (!part.HasMore && end != _length)))
            return; // contradicts what has arrived
        if (!part.HasMore && end < _extent)
            return;
        Grow(end, buffers);
        if (!part.Payload.IsEmpty && !_arrived.Contains(part.Offset, end))
            part.Payload.CopyTo(_buffer.AsSpan(part.Offset));
        _arrived.Add(part.Offset, end);
        _extent = Math.Max(_extent, end);
        if (part.HasMore)
            return;
        _length = end;
        IsEnd = part.IsEnd;
        IsMark = part.IsMark;
    }

    /// <summary>Returns its memory, so that it can be used for another message.</summary>
    public void Clear(BufferPool buffers)
    {
        buffers.Return(_buffer);
        _buffer = [];
        _arrived.Clear();
        _length = -1;
        _extent = 0;
        IsEnd = false;
        IsMark = false;
    }

    private void Grow(int size, BufferPool buffers)
    {
        if (size <= _buffer.Length)
            return;
        byte[] larger = buffers.Rent(size);
        _buffer.AsSpan(0, _extent).CopyTo(larger);
        buffers.Return(_buffer);
        _buffer = larger;
    }
}
