using FastForward.Transport.Buffers;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>A real-time message that waits for others before it. Used again and again by its receiver.</summary>
internal sealed class HeldMessage
{
    private byte[] _buffer = [];
    private int _length;

    public ulong Sequence { get; private set; }

    /// <summary>When it was sent, plus the base transit.</summary>
    public long SentAt { get; private set; }

    /// <summary>When it arrived.</summary>
    public long ArrivedAt { get; private set; }

    /// <summary>What was overtaken by it comes until then, but for one of a hundred.</summary>
    public long LastOvertaken { get; private set; }

    /// <summary>See <see cref="FrameArrival.RoundTrip"/>.</summary>
    public long RoundTrip { get; private set; }

    /// <summary>See <see cref="MessageElement.Budget"/>.</summary>
    public long Budget { get; private set; }

    public MessageBits Bits { get; private set; }

    /// <summary>It came too late: only its place counts.</summary>
    public bool IsLate { get; private set; }

    public bool IsMark => (Bits & MessageBits.Mark) != 0;

    public bool IsEnd => (Bits & MessageBits.End) != 0;

    public ReadOnlySpan<byte> Payload => _buffer.AsSpan(0, _length);

    public void Set(
        long now,
        in MessageElement message,
        in FrameArrival arrival,
        ulong sequence,
        bool isLate,
        BufferPool buffers
    )
    {
        Sequence = sequence;
        SentAt = now - message.Age - arrival.Excess;
        ArrivedAt = now;
        // Frames overtake each other, so the time that the message waited before its frame left does not count.
        LastOvertaken = arrival.Slowest == long.MaxValue ? long.MaxValue : now - arrival.Excess + arrival.Slowest;
        RoundTrip = arrival.RoundTrip;
        Budget = message.Budget;
        Bits = message.Bits;
        IsLate = isLate;
        if (isLate || message.Payload.IsEmpty)
            return;
        _length = message.Payload.Length;
        _buffer = buffers.Rent(_length);
        message.Payload.CopyTo(_buffer);
    }

    /// <summary>Returns its memory.</summary>
    public void Clear(BufferPool buffers)
    {
        buffers.Return(_buffer);
        _buffer = [];
        _length = 0;
    }
}
