using System.Buffers.Binary;

namespace FastForward.Transport.Session.Wire;

/// <summary>
/// Writes the elements of a DATA frame in place. The header is written last, and only if there are elements. The caller
/// must check <see cref="Room"/> before each element.
/// </summary>
internal ref struct FrameWriter
{
    private readonly Span<byte> _frame;
    private int _length;

    public FrameWriter(Span<byte> frame)
    {
        _frame = frame;
        _length = WireFormat.DataHeader;
    }

    /// <summary>Bytes left.</summary>
    public readonly int Room => _frame.Length - _length;

    /// <summary>Bytes that an empty frame has for elements.</summary>
    public readonly int Capacity => _frame.Length - WireFormat.DataHeader;

    /// <summary>Bytes so far, header included.</summary>
    public readonly int Length => _length;

    public readonly bool IsEmpty => _length == WireFormat.DataHeader;

    /// <summary>The frame carries a real-time message.</summary>
    public bool HasRealTime { get; private set; }

    public readonly void WriteHeader(uint receiverIndex, ulong packetNumber, uint timestamp)
    {
        _frame[0] = WireFormat.Version;
        _frame[1] = (byte)FrameType.Data;
        _frame[2] = 0;
        _frame[3] = 0;
        BinaryPrimitives.WriteUInt32LittleEndian(_frame[4..], receiverIndex);
        BinaryPrimitives.WriteUInt64LittleEndian(_frame[8..], packetNumber);
        BinaryPrimitives.WriteUInt32LittleEndian(_frame[16..], timestamp);
    }

    /// <summary>Writes a complete reliable message, or an end mark.</summary>
    public void WriteMessage(ulong stream, ulong sequence, MessageBits bits, ReadOnlySpan<byte> payload)
    {
        Span<byte> element = BeginMessage(stream, sequence, bits, WireFormat.MessageHeader + payload.Length);
        payload.CopyTo(element[WireFormat.MessageHeader..]);
    }

    /// <summary>Writes a fragment of a reliable message.</summary>
    public void WriteFragment(ulong stream, ulong sequence, MessageBits bits, int offset, ReadOnlySpan<byte> part)
    {
        const int Header = WireFormat.MessageHeader + WireFormat.FragmentFields;
        Span<byte> element = BeginMessage(stream, sequence, bits | MessageBits.Fragment, Header + part.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(element[16..], (ushort)offset);
        BinaryPrimitives.WriteUInt16LittleEndian(element[18..], 0);
        part.CopyTo(element[Header..]);
    }

    /// <summary>Writes a complete real-time message, or an end mark.</summary>
    public void WriteRealTime(
        ulong stream,
        ulong sequence,
        MessageBits bits,
        int budgetMillis,
        long ageMicros,
        ReadOnlySpan<byte> payload
    )
    {
        const int Header = WireFormat.MessageHeader + WireFormat.RealTimeFields;
        Span<byte> element = BeginMessage(stream, sequence, bits | MessageBits.RealTime, Header + payload.Length);
        BinaryPrimitives.WriteUInt16LittleEndian(element[16..], (ushort)Math.Min(budgetMillis, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(element[18..], InAgeUnits(ageMicros));
        payload.CopyTo(element[Header..]);
        HasRealTime = true;
    }

    public void WriteStreamAck(ulong stream, ulong next, ulong creditUsed, ulong limit)
    {
        Span<byte> body = Begin(ElementType.StreamAck, 0, WireFormat.StreamAck);
        BinaryPrimitives.WriteUInt64LittleEndian(body, stream);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], (uint)next);
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], (uint)creditUsed);
        BinaryPrimitives.WriteUInt64LittleEndian(body[16..], limit);
    }

    public void WriteCredit(ulong limit) =>
        BinaryPrimitives.WriteUInt64LittleEndian(Begin(ElementType.Credit, 0, WireFormat.Credit), limit);

    /// <summary>Writes a probe, filled with zeros to <paramref name="size"/> bytes.</summary>
    public void WriteProbe(uint id, int size = WireFormat.Probe, bool isPreferred = false)
    {
        Span<byte> body = Begin(ElementType.Probe, isPreferred ? WireFormat.ProbePrefers : (byte)0, size);
        body.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(body, id);
    }

    /// <summary>Fills the rest of the frame.</summary>
    public void WritePadding()
    {
        _frame[_length..].Clear();
        _length = _frame.Length;
    }

    /// <summary>Writes the reply to a probe, filled with zeros to <paramref name="size"/> bytes.</summary>
    public void WriteProbeReply(uint id, uint holdMicros, int size = WireFormat.ProbeReply)
    {
        Span<byte> body = Begin(ElementType.ProbeReply, 0, size);
        body.Clear();
        BinaryPrimitives.WriteUInt32LittleEndian(body, id);
        BinaryPrimitives.WriteUInt32LittleEndian(body[4..], holdMicros);
    }

    public void WriteClose(bool association, CloseReason reason)
    {
        Span<byte> body = Begin(ElementType.Close, 0, WireFormat.Close);
        body[0] = association ? (byte)0 : (byte)1;
        body[1] = 0;
        BinaryPrimitives.WriteUInt16LittleEndian(body[2..], (ushort)reason);
    }

    public void WriteStreamReset(ulong stream, ulong sequence, uint code, bool realTime = false)
    {
        MessageBits bits = realTime ? MessageBits.RealTime : MessageBits.None;
        Span<byte> body = Begin(ElementType.StreamReset, (byte)bits, WireFormat.StreamReset);
        BinaryPrimitives.WriteUInt64LittleEndian(body, stream);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], (uint)sequence);
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], code);
    }

    public void WriteStreamRefused(ulong stream, ulong next, ulong creditUsed)
    {
        Span<byte> body = Begin(ElementType.StreamRefused, 0, WireFormat.StreamRefused);
        BinaryPrimitives.WriteUInt64LittleEndian(body, stream);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], (uint)next);
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], (uint)creditUsed);
    }

    /// <summary>Writes the acknowledgement of packets.</summary>
    /// <param name="largest">The highest number that arrived.</param>
    /// <param name="delayMicros">How long ago it arrived.</param>
    /// <param name="bitmap">Which others arrived: bit i of word w is the packet 1 + 64 w + i below.</param>
    /// <param name="asks">It asks for an acknowledgement itself.</param>
    public void WriteAck(ulong largest, long delayMicros, scoped ReadOnlySpan<ulong> bitmap, bool asks = false)
    {
        Span<byte> body = Begin(
            ElementType.Ack,
            asks ? WireFormat.AckAsks : (byte)0,
            WireFormat.Ack + (8 * bitmap.Length)
        );
        BinaryPrimitives.WriteUInt64LittleEndian(body, largest);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], (uint)Math.Min(delayMicros, uint.MaxValue));
        for (int i = 0; i < bitmap.Length; i++)
            BinaryPrimitives.WriteUInt64LittleEndian(body[(12 + (8 * i))..], bitmap[i]);
    }

    public void WriteTransitReport(in TransitReport report)
    {
        Span<byte> body = Begin(ElementType.TransitReport, 0, WireFormat.TransitReport);
        BinaryPrimitives.WriteUInt32LittleEndian(body, report.Base);
        BinaryPrimitives.WriteUInt16LittleEndian(body[4..], InAgeUnits(report.Median));
        BinaryPrimitives.WriteUInt16LittleEndian(body[6..], InAgeUnits(report.Q95));
        BinaryPrimitives.WriteUInt16LittleEndian(body[8..], InAgeUnits(report.Q99));
        BinaryPrimitives.WriteUInt16LittleEndian(body[10..], 0);
    }

    /// <param name="nonce">The nonce.</param>
    /// <param name="samePath">It is to be returned on the same path.</param>
    public void WritePathChallenge(ulong nonce, bool samePath = false)
    {
        byte bits = samePath ? WireFormat.SamePath : (byte)0;
        Span<byte> body = Begin(ElementType.PathChallenge, bits, WireFormat.PathChallenge);
        BinaryPrimitives.WriteUInt64LittleEndian(body, nonce);
    }

    /// <param name="nonce">The nonce of the challenge.</param>
    /// <param name="localIndex">This node's receiver index of the path on which it came.</param>
    /// <param name="remoteIndex">The peer's receiver index of that path.</param>
    /// <param name="samePath">It is returned on the same path.</param>
    public void WritePathResponse(ulong nonce, uint localIndex, uint remoteIndex, bool samePath = false)
    {
        byte bits = samePath ? WireFormat.SamePath : (byte)0;
        Span<byte> body = Begin(ElementType.PathResponse, bits, WireFormat.PathResponse);
        BinaryPrimitives.WriteUInt64LittleEndian(body, nonce);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], localIndex);
        BinaryPrimitives.WriteUInt32LittleEndian(body[12..], remoteIndex);
    }

    private static ushort InAgeUnits(long micros) =>
        (ushort)Math.Min(micros / WireFormat.AgeUnitMicros, ushort.MaxValue);

    private Span<byte> BeginMessage(ulong stream, ulong sequence, MessageBits bits, int size)
    {
        Span<byte> body = Begin(ElementType.Message, (byte)bits, size);
        BinaryPrimitives.WriteUInt64LittleEndian(body, stream);
        BinaryPrimitives.WriteUInt32LittleEndian(body[8..], (uint)sequence);
        return _frame.Slice(_length - size, size);
    }

    // Returns the element without its header.
    private Span<byte> Begin(ElementType type, byte bits, int size)
    {
        Span<byte> element = _frame.Slice(_length, size);
        element[0] = (byte)type;
        element[1] = bits;
        BinaryPrimitives.WriteUInt16LittleEndian(element[2..], (ushort)(size - WireFormat.ElementHeader));
        _length += size;
        return element[WireFormat.ElementHeader..];
    }
}
