namespace FastForward.Transport.Session;

/// <summary>
/// The open outgoing streams of an association and the ids of ended ones. Decides whether a stream accepts a message.
/// </summary>
internal sealed class SendStreamTable(int maxStreams)
{
    private readonly Dictionary<ulong, SendStream> _streams = [];
    private readonly EndedStreams<ulong> _ended = new(maxStreams * 4);

    // Avoids the lookup for consecutive sends on one stream.
    private SendStream? _recent;

    public Dictionary<ulong, SendStream>.ValueCollection All => _streams.Values;

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

    /// <summary>Removes an ended stream. Its id cannot be used again.</summary>
    public void Close(SendStream stream)
    {
        _streams.Remove(stream.Id);
        if (ReferenceEquals(_recent, stream))
            _recent = null;
        _ended.Add(stream.Id, stream.NextSequence);
    }
}
