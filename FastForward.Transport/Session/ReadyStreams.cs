using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The reliable streams that have something to write. They take turns of one message each, so that a stream delays the
/// others by at most one message.
/// </summary>
internal sealed class ReadyStreams
{
    // Avoids fragments that are small compared to their headers: the message waits for the next frame.
    private const int SmallestFragment = 64;

    private readonly Queue<SendStream> _streams = new();

    public bool IsEmpty => _streams.Count == 0;

    /// <summary>Appends a stream, unless it is queued already.</summary>
    public void Add(SendStream stream)
    {
        if (stream.IsReady)
            return;
        stream.IsReady = true;
        _streams.Enqueue(stream);
    }

    /// <summary>Fills the rest of a frame.</summary>
    public void Write(ref FrameWriter frame)
    {
        while (_streams.TryPeek(out SendStream? stream))
        {
            if (stream.Cursor is { } message)
            {
                if (!TryWrite(stream, message, ref frame))
                    return;
                stream.Advance();
            }

            _streams.Dequeue();
            stream.IsReady = false;
            if (stream.Cursor is not null)
                Add(stream);
        }
    }

    // Returns true when the message is completely written.
    private static bool TryWrite(SendStream stream, OutgoingMessage message, ref FrameWriter frame)
    {
        if (message.Kind == OutgoingKind.Reset)
        {
            if (frame.Room < WireFormat.StreamReset)
                return false;
            frame.WriteStreamReset(stream.Id, message.Sequence, message.Code);
            return true;
        }

        int offset = stream.CursorOffset;
        if (offset == 0 && frame.Room >= WireFormat.MessageHeader + message.Length)
        {
            frame.WriteMessage(stream.Id, message.Sequence, message.Bits, message.Payload);
            return true;
        }

        int left = message.Length - offset;
        int part = Math.Min(left, frame.Room - WireFormat.MessageHeader - WireFormat.FragmentFields);
        if (part < Math.Min(left, SmallestFragment))
            return false;
        MessageBits bits = message.Bits | (part < left ? MessageBits.More : MessageBits.None);
        frame.WriteFragment(stream.Id, message.Sequence, bits, offset, message.Payload.Slice(offset, part));
        // SendStream.Written advances with complete messages only, because fragments are not acknowledged.
        stream.CursorOffset = offset + part;
        return part == left;
    }
}
