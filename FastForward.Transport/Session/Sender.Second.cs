using FastForward.Transport.Session.Wire;

namespace FastForward.Transport.Session;

/// <content>
/// Duplicates of real-time messages for a second path. Each is written once, whatever becomes of it: what is lost is
/// sent again on the path of the original. When it arrives, the original has arrived.
/// </content>
internal sealed partial class Sender
{
    private readonly RealTimeQueue _second = new();
    private long _secondBytes;
    private long _secondPath;
    private int _largestSecond;

    public bool HasSecondOutput => !_second.IsEmpty;

    /// <summary>From now on messages are, or are not, sent on a second path.</summary>
    /// <param name="path">Its id; 0 for none.</param>
    /// <param name="largest">The longest message that it carries.</param>
    public void SetSecond(long path, int largest)
    {
        _secondPath = path;
        _largestSecond = largest;
        while (path == 0 && !_second.IsEmpty)
            DropUnwritten(_second.Dequeue());
    }

    /// <summary>
    /// The path may have lost what it has not acknowledged: all of it is sent on the second one, too.
    /// </summary>
    public void DuplicateTail(long now)
    {
        for (OutgoingMessage? message = _awaited.Oldest; message is not null; message = message.Next)
            DuplicateOnce(now, message);
        for (OutgoingMessage? message = _lostRealTime.Head; message is not null; message = message.Next)
            DuplicateOnce(now, message);
        for (OutgoingMessage? message = _realTime.Head; message is not null; message = message.Next)
            DuplicateOnce(now, message);
    }

    /// <summary>Fills a frame with duplicates.</summary>
    /// <returns>Whether all of them are written, so that the rest of the frame is free.</returns>
    public bool WriteSecond(long now, ref FrameBuilder frame)
    {
        ExpireSecond(now);
        while (_second.Head is { } message)
        {
            int size = message.Kind == OutgoingKind.Reset ? WireFormat.StreamReset : SizeOf(message);
            if (frame.Room < size && size <= frame.Capacity)
                return false;
            _second.Dequeue();
            if (size <= frame.Capacity)
            {
                frame.Second(message, now);
                _statistics.Duplicated();
            }

            Discard(message);
        }

        return true;
    }

    private void ExpireSecond(long now)
    {
        MessageQueue expired = _second.RemoveExpired(now);
        while (!expired.IsEmpty)
            Discard(expired.RemoveHead());
    }

    // Another second path may still help the message.
    private void DropUnwritten(OutgoingMessage duplicate)
    {
        if (duplicate.Original is { } original && original.Generation == duplicate.OriginalGeneration)
            original.DuplicatedOn = 0;
        Discard(duplicate);
    }

    private void DuplicateOnce(long now, OutgoingMessage message)
    {
        if (message.DuplicatedOn != _secondPath && !message.HasArrived && MayRepeat(now, message))
            Duplicate(message);
    }

    private void Duplicate(OutgoingMessage message)
    {
        if (message.Length > _largestSecond)
            return;
        int stored = message.Length + StoreOverheadPerMessage;
        while (_secondBytes + stored > _options.SendStoreBytes / 4 && !_second.IsEmpty)
            DropUnwritten(_second.Dequeue());
        OutgoingMessage duplicate = _pool.Rent(message.Payload);
        duplicate.Kind = message.Kind;
        duplicate.Sequence = message.Sequence;
        duplicate.IsEnd = message.IsEnd;
        duplicate.Code = message.Code;
        duplicate.AcceptedAt = message.AcceptedAt;
        duplicate.Budget = message.Budget;
        duplicate.Waited = message.Waited;
        duplicate.Original = message;
        duplicate.OriginalGeneration = message.Generation;
        message.DuplicatedOn = _secondPath;
        _secondBytes += stored;
        _second.Enqueue(message.Stream!, duplicate);
    }

    private void DropSecond(SendStream stream)
    {
        MessageQueue dropped = _second.Remove(stream);
        while (!dropped.IsEmpty)
            Discard(dropped.RemoveHead());
    }

    private void Discard(OutgoingMessage duplicate)
    {
        _secondBytes -= duplicate.Length + StoreOverheadPerMessage;
        _pool.Return(duplicate);
    }
}
