using FastForward.Transport.Session.Recovery;
using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The reliable streams that have something to write. They take turns of one message each, so that a stream delays the
/// others by at most one message. Lost parts go first, because what arrived behind them waits for them.
/// </summary>
internal sealed class ReadyStreams
{
    // Avoids fragments that are small compared to their headers: the message waits for the next frame.
    private const int SmallestFragment = 64;

    private readonly Queue<SendStream> _streams = new();
    private readonly Queue<SentElement> _lost = new();
    private int _repeated; // bytes of the first lost part that are written

    public bool IsEmpty => _streams.Count == 0 && _lost.Count == 0;

    /// <summary>Appends a stream, unless it is queued already.</summary>
    public void Add(SendStream stream)
    {
        if (stream.IsReady)
            return;
        stream.IsReady = true;
        _streams.Enqueue(stream);
    }

    /// <summary>A part of a message must be written again.</summary>
    public void Repeat(in SentElement part) => _lost.Enqueue(part);

    /// <summary>Everything is written again from its beginning, lost or not.</summary>
    public void ForgetLost()
    {
        _lost.Clear();
        _repeated = 0;
    }

    /// <summary>Fills the rest of a frame.</summary>
    public void Write(ref FrameBuilder frame)
    {
        while (_lost.TryPeek(out SentElement part))
        {
            if (part.NeedsRepeat && !TryRepeat(part, ref frame))
                return;
            _lost.Dequeue();
            _repeated = 0;
        }

        while (_streams.TryPeek(out SendStream? stream))
        {
            if (stream.Cursor is { } message)
            {
                int offset = stream.CursorOffset;
                bool isWritten = TryWrite(message, ref offset, message.Length, ref frame);
                // SendStream.Written advances with complete messages only, because fragments are not acknowledged.
                stream.CursorOffset = offset;
                if (!isWritten)
                    return;
                stream.Advance();
            }

            _streams.Dequeue();
            stream.IsReady = false;
            if (stream.Cursor is not null)
                Add(stream);
        }
    }

    private bool TryRepeat(in SentElement part, ref FrameBuilder frame)
    {
        int offset = part.Offset + _repeated;
        bool isWritten = TryWrite(part.Message!, ref offset, part.Offset + part.Length, ref frame);
        _repeated = offset - part.Offset;
        return isWritten;
    }

    // Writes the bytes from offset to end, or as many of them as fit. Returns true when all are written.
    private static bool TryWrite(OutgoingMessage message, ref int offset, int end, ref FrameBuilder frame)
    {
        if (message.Kind == OutgoingKind.Reset)
        {
            if (frame.Room < WireFormat.StreamReset)
                return false;
            frame.Reset(message);
            return true;
        }

        if (offset == 0 && end == message.Length && frame.Room >= WireFormat.MessageHeader + message.Length)
        {
            frame.Message(message);
            offset = end;
            return true;
        }

        int left = end - offset;
        int part = Math.Min(left, frame.Room - WireFormat.MessageHeader - WireFormat.FragmentFields);
        if (part < Math.Min(left, SmallestFragment))
            return false;
        frame.Fragment(message, offset, part);
        offset += part;
        return part == left;
    }
}
