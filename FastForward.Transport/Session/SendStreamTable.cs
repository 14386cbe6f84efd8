namespace FastForward.Transport.Session;

/// <summary>
/// The open outgoing streams to one node, those that ended, and the senders that wait for room: the rules by which a
/// stream opens, refuses and ends.
/// </summary>
internal sealed class SendStreamTable(int maxStreams)
{
    private readonly Dictionary<ulong, SendStream> _streams = [];
    private readonly EndedStreams<ulong> _ended = new(maxStreams * 4);
    private readonly Dictionary<ulong, int> _waiting = [];

    // Most sends are on the stream of the send before.
    private SendStream? _recent;

    public Dictionary<ulong, SendStream>.ValueCollection All => _streams.Values;

    /// <summary>The streams that were refused room, with the length of the message that found none.</summary>
    public Dictionary<ulong, int> Waiting => _waiting;

    public SendStream? Find(ulong id) => _streams.GetValueOrDefault(id);

    /// <summary>Whether a stream takes a message of a class now, room aside.</summary>
    /// <param name="id">The stream.</param>
    /// <param name="messageClass">The class of the message.</param>
    /// <param name="stream">The stream; null when the message would open it.</param>
    public SendStatus Check(ulong id, MessageClass messageClass, out SendStream? stream)
    {
        stream = _recent is { } recent && recent.Id == id ? recent : null;
        if (stream is null && !_streams.TryGetValue(id, out stream))
        {
            if (_ended.Contains(id))
                return SendStatus.StreamEnded;
            return _streams.Count >= maxStreams ? SendStatus.TooManyStreams : SendStatus.Accepted;
        }

        _recent = stream;
        if (stream.IsEnded)
            return SendStatus.StreamEnded;
        return stream.Class == messageClass ? SendStatus.Accepted : SendStatus.WrongClass;
    }

    public SendStream Open(ulong id, MessageClass messageClass)
    {
        SendStream stream = new(id, messageClass);
        _streams.Add(id, stream);
        _recent = stream;
        return stream;
    }

    /// <summary>Notes that the sender waits for room. Each waiting sender is notified, so their number is limited.</summary>
    public SendStatus Wait(ulong id, int length)
    {
        if (_waiting.Count >= maxStreams * 2 && !_waiting.ContainsKey(id))
            return SendStatus.TooManyStreams;
        _waiting[id] = length;
        return SendStatus.BackPressured;
    }

    /// <summary>Removes an ended stream; its id is used up.</summary>
    /// <returns>Whether a sender waits for room on it.</returns>
    public bool Close(SendStream stream)
    {
        _streams.Remove(stream.Id);
        if (ReferenceEquals(_recent, stream))
            _recent = null;
        _ended.Add(stream.Id, stream.NextSequence);
        return _waiting.Remove(stream.Id);
    }
}
