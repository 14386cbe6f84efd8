using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>The fields of a MESSAGE element. Times are in microseconds.</summary>
internal readonly ref struct MessageElement
{
    private MessageElement(
        MessageBits bits,
        ulong stream,
        uint sequence,
        long budget,
        long age,
        int offset,
        ReadOnlySpan<byte> payload
    )
    {
        Bits = bits;
        Stream = stream;
        Sequence = sequence;
        Budget = budget;
        Age = age;
        Offset = offset;
        Payload = payload;
    }

    public MessageBits Bits { get; }

    public ulong Stream { get; }

    /// <summary>The low 32 bits of the sequence.</summary>
    public uint Sequence { get; }

    /// <summary>How much later than by the base transit a real-time message may arrive; 0 for no limit.</summary>
    public long Budget { get; }

    /// <summary>How long a real-time message had waited when it was written.</summary>
    public long Age { get; }

    public int Offset { get; }

    public ReadOnlySpan<byte> Payload { get; }

    public bool IsRealTime => (Bits & MessageBits.RealTime) != 0;

    public bool IsFragment => (Bits & MessageBits.Fragment) != 0;

    public bool IsEnd => (Bits & MessageBits.End) != 0;

    public bool IsMark => (Bits & MessageBits.Mark) != 0;

    public bool HasMore => (Bits & MessageBits.More) != 0;

    public static bool TryRead(byte bits, ReadOnlySpan<byte> body, out MessageElement message)
    {
        message = default;
        MessageBits flags = (MessageBits)bits;
        bool realTime = (flags & MessageBits.RealTime) != 0;
        bool fragment = (flags & MessageBits.Fragment) != 0;
        // Real-time messages are never fragmented, More requires Fragment, and a mark is unfragmented, empty and has
        // End.
        if (realTime && fragment)
            return false;
        if ((flags & MessageBits.More) != 0 && !fragment)
            return false;
        const int Fixed = WireFormat.MessageHeader - WireFormat.ElementHeader;
        int header = Fixed + (realTime ? WireFormat.RealTimeFields : 0) + (fragment ? WireFormat.FragmentFields : 0);
        if (body.Length < header)
            return false;
        ReadOnlySpan<byte> payload = body[header..];
        if ((flags & MessageBits.Mark) != 0 && (fragment || !payload.IsEmpty || (flags & MessageBits.End) == 0))
            return false;
        if (realTime && payload.Length > WireFormat.MaxRealTimeMessage)
            return false;
        message = new MessageElement(
            flags,
            BinaryPrimitives.ReadUInt64LittleEndian(body),
            BinaryPrimitives.ReadUInt32LittleEndian(body[8..]),
            realTime ? BinaryPrimitives.ReadUInt16LittleEndian(body[12..]) * 1_000L : 0,
            realTime ? BinaryPrimitives.ReadUInt16LittleEndian(body[14..]) * (long)WireFormat.AgeUnitMicros : 0,
            fragment ? BinaryPrimitives.ReadUInt16LittleEndian(body[12..]) : 0,
            payload
        );
        return !fragment || message.Offset + payload.Length <= WireFormat.MaxReliableMessage;
    }
}
