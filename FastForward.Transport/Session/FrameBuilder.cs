using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// Builds a DATA frame in place: writes elements, records those that matter when the frame is acknowledged or lost,
/// leaves room for the seal, and finishes. The caller must check <see cref="Room"/> before each element.
/// </summary>
internal ref struct FrameBuilder
{
    private readonly Span<byte> _frame;
    private readonly IFrameProtection _protection;
    private readonly SentFrames? _sent;
    private readonly long _path;

    /// <summary>Writes elements that need no record.</summary>
    public FrameWriter Writer;

    /// <param name="frame">The memory of the frame.</param>
    /// <param name="protection">Seals the frame.</param>
    /// <param name="sent">Where elements are recorded; null where no frame is lost.</param>
    /// <param name="path">See <see cref="SessionPath.Id"/>.</param>
    public FrameBuilder(Span<byte> frame, IFrameProtection protection, SentFrames? sent, long path = 0)
    {
        _path = path;
        _frame = frame;
        _protection = protection;
        _sent = sent;
        Writer = new FrameWriter(frame[..^protection.Overhead]);
    }

    /// <summary>Bytes left for elements.</summary>
    public readonly int Room => Writer.Room;

    /// <summary>Bytes that an empty frame has for elements.</summary>
    public readonly int Capacity => Writer.Capacity;

    /// <summary>It has elements that ask for an acknowledgement.</summary>
    public bool IsEliciting { get; private set; }

    /// <summary>It carries reliable messages.</summary>
    public bool IsReliable { get; private set; }

    /// <summary>Writes a complete reliable message, or an end mark.</summary>
    public void Message(OutgoingMessage message)
    {
        IsReliable = true;
        Writer.WriteMessage(message.Stream!.Id, message.Sequence, message.Bits, message.Payload);
        Record(message, 0, message.Length);
    }

    /// <summary>Writes a part of a reliable message.</summary>
    public void Fragment(OutgoingMessage message, int offset, int length)
    {
        IsReliable = true;
        MessageBits bits = message.Bits | (offset + length < message.Length ? MessageBits.More : MessageBits.None);
        ReadOnlySpan<byte> part = message.Payload.Slice(offset, length);
        Writer.WriteFragment(message.Stream!.Id, message.Sequence, bits, offset, part);
        Record(message, offset, length);
    }

    /// <summary>Writes the reset of a stream.</summary>
    public void Reset(OutgoingMessage message)
    {
        SendStream stream = message.Stream!;
        bool isRealTime = stream.Class == MessageClass.RealTime;
        Writer.WriteStreamReset(stream.Id, message.Sequence, message.Code, isRealTime);
        (message.LastPath, message.LastFrame) = (_path, Number);
        Record(message, 0, 0);
    }

    /// <summary>The frame may be lost.</summary>
    public readonly bool MayBeLost => _sent is not null;

    /// <summary>The number of the frame, where it may be lost.</summary>
    public readonly ulong Number => _sent?.Next ?? 0;

    /// <summary>Writes a real-time message, or an end mark.</summary>
    public void RealTime(OutgoingMessage message, long now)
    {
        WriteRealTime(message, message.Bits, now);
        message.WasWritten = true;
        (message.LastPath, message.LastFrame) = (_path, Number);
        Record(message, 0, message.Length);
    }

    /// <summary>
    /// Writes the duplicate of a real-time message, of an end mark, or of the reset of such a stream. What arrives is
    /// the message.
    /// </summary>
    public void Second(OutgoingMessage duplicate, long now)
    {
        SendStream stream = duplicate.Stream!;
        if (duplicate.Kind == OutgoingKind.Reset)
            Writer.WriteStreamReset(stream.Id, duplicate.Sequence, duplicate.Code, true);
        else
            WriteRealTime(duplicate, duplicate.Bits | MessageBits.Second, now);
        Record(
            new SentElement(SentKind.Message, 0, duplicate.Original, duplicate.OriginalGeneration, 0, duplicate.Length)
        );
    }

    public void StreamAck(ulong stream, ulong next, ulong creditUsed, ulong limit)
    {
        Writer.WriteStreamAck(stream, next, creditUsed, limit);
        Record(new SentElement(SentKind.StreamAck, stream));
    }

    public void StreamRefused(ulong stream, ulong next, ulong creditUsed)
    {
        Writer.WriteStreamRefused(stream, next, creditUsed);
        Record(new SentElement(SentKind.StreamRefused, stream));
    }

    public void Credit(ulong limit)
    {
        Writer.WriteCredit(limit);
        Record(new SentElement(SentKind.Credit));
    }

    /// <summary>Writes the acknowledgement of packets.</summary>
    public void Ack(ulong largest, long delayMicros, scoped ReadOnlySpan<ulong> bitmap, bool asks = false)
    {
        IsEliciting |= asks;
        Writer.WriteAck(largest, delayMicros, bitmap, asks);
        _sent?.Add(new SentElement(SentKind.Ack));
    }

    /// <summary>Writes the header and seals the frame.</summary>
    /// <returns>Its length.</returns>
    public readonly int Finish(uint receiverIndex, ulong packetNumber, uint timestamp)
    {
        Writer.WriteHeader(receiverIndex, packetNumber, timestamp);
        int length = Writer.Length + _protection.Overhead;
        _protection.Seal(_frame[..length], packetNumber);
        return length;
    }

    private void WriteRealTime(OutgoingMessage message, MessageBits bits, long now) =>
        Writer.WriteRealTime(
            message.Stream!.Id,
            message.Sequence,
            bits,
            (int)((message.Budget + 999) / 1000),
            message.AgeAt(now),
            message.Payload
        );

    private void Record(OutgoingMessage message, int offset, int length) =>
        Record(new SentElement(SentKind.Message, 0, message, message.Generation, offset, length));

    private void Record(in SentElement element)
    {
        IsEliciting = true;
        _sent?.Add(element);
    }
}
