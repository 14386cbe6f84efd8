using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The reliable streams that have something to write, in turns of one message each, so that no stream delays the others by
/// more than a message.
/// </summary>
internal sealed class ReadyStreams
{
    // A smaller part is not worth its headers: the message waits for the next frame.
    private const int SmallestFragment = 64;

    private readonly Queue<SendStream> _streams = new();

    public bool IsEmpty => _streams.Count == 0;

    /// <summary>Adds a stream at the end, unless it is in the queue already.</summary>
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

    // True when the message is written to its end.
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
        // SendStream.Written moves only when the message is complete: the peer cannot acknowledge a part.
        stream.CursorOffset = offset + part;
        return part == left;
    }
}
