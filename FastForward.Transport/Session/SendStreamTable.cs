namespace FastForward.Transport.Session;

/// <summary>
/// The open outgoing streams of an association, the ids of ended ones, and the senders that wait for room. Decides
/// whether a stream accepts a message.
/// </summary>
internal sealed class SendStreamTable(int maxStreams)
{
    private readonly Dictionary<ulong, SendStream> _streams = [];
    private readonly EndedStreams<ulong> _ended = new(maxStreams * 4);
    private readonly Dictionary<ulong, int> _waiting = [];

    // Avoids the lookup for consecutive sends on one stream.
    private SendStream? _recent;

    public Dictionary<ulong, SendStream>.ValueCollection All => _streams.Values;

    /// <summary>The streams whose last send was back-pressured, with the length of that message.</summary>
    public Dictionary<ulong, int> Waiting => _waiting;

    public SendStream? Find(ulong id) => _streams.GetValueOrDefault(id);

    /// <summary>Whether a stream accepts a message of a class, regardless of room.</summary>
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

    /// <summary>Records that the sender waits for room. The number is limited, because each one is notified.</summary>
    public SendStatus Wait(ulong id, int length)
    {
        if (_waiting.Count >= maxStreams * 2 && !_waiting.ContainsKey(id))
            return SendStatus.TooManyStreams;
        _waiting[id] = length;
        return SendStatus.BackPressured;
    }

    /// <summary>Removes an ended stream. Its id cannot be used again.</summary>
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
