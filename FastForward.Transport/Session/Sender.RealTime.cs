using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>Real-time messages: written once, in order of acceptance, unless they expire before.</content>
internal sealed partial class Sender
{
    /// <summary>Fills a frame with real-time messages.</summary>
    /// <returns>Whether all of them are written, so that the rest of the frame is free.</returns>
    public bool WriteRealTime(long now, ref FrameWriter frame)
    {
        bool freed = false;
        while (_realTime.Head is { Stream: { } stream } message)
        {
            long age = now - message.AcceptedAt;
            bool isExpired =
                message.Kind == OutgoingKind.Message && _options.RealTimeBudget > 0 && age > _options.RealTimeBudget;
            if (!isExpired && !TryWriteRealTime(stream, message, age, ref frame))
                break;
            _realTime.Dequeue(stream);
            if (isExpired)
                Report(stream.Id, message.Sequence, 1, UndeliveredReason.Expired);
            freed = true;
            if (message.IsEnd)
                Close(stream);
            Release(message, reliable: false);
        }

        if (freed)
            NotifyWritable();
        return _realTime.IsEmpty;
    }

    private bool TryWriteRealTime(SendStream stream, OutgoingMessage message, long age, ref FrameWriter frame)
    {
        if (message.Kind == OutgoingKind.Reset)
        {
            if (frame.Room < WireFormat.StreamReset)
                return false;
            frame.WriteStreamReset(stream.Id, message.Sequence, message.Code);
            return true;
        }

        if (frame.Room < WireFormat.MessageHeader + WireFormat.RealTimeFields + message.Length)
            return false;
        frame.WriteRealTime(
            stream.Id,
            message.Sequence,
            message.Bits,
            (int)(_options.RealTimeBudget / 1000),
            age,
            message.Payload
        );
        return true;
    }
}
