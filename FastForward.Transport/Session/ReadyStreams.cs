using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <summary>
/// The reliable streams that have something to write, in turns of one message each: a stream with much to say does not
/// hold the others up.
/// </summary>
internal sealed class ReadyStreams
{
    // A part smaller than this is not worth its headers: the message waits for the next frame.
    private const int SmallestFragment = 64;

    private SendStream? _head;
    private SendStream? _tail;

    public bool IsEmpty => _head is null;

    /// <summary>Puts a stream at the end of the line, unless it waits already.</summary>
    public void Add(SendStream stream)
    {
        if (stream.IsReady)
            return;
        stream.IsReady = true;
        if (_tail is null)
            _head = stream;
        else
            _tail.NextReady = stream;
        _tail = stream;
    }

    /// <summary>Fills the rest of a frame.</summary>
    public void Write(ref FrameWriter frame)
    {
        while (_head is { } stream)
        {
            if (stream.Cursor is { } message)
            {
                if (!TryWrite(stream, message, ref frame))
                    return;
                stream.Advance();
            }

            _head = stream.NextReady;
            if (_head is null)
                _tail = null;
            stream.NextReady = null;
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
        // Acknowledgements of a message that is partly written cannot be honest yet.
        stream.CursorOffset = offset + part;
        return part == left;
    }
}
