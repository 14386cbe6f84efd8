namespace FastForward.Transport.Session;

/// <summary>The open incoming streams of an association, least recently used first.</summary>
internal sealed class ReceiveStreamTable
{
    private readonly Dictionary<ulong, ReceiveStream> _streams = [];
    private readonly LinkedList<ReceiveStream> _byUse = new();

    public int Count => _streams.Count;

    public ReceiveStream? Oldest => _byUse.First?.Value;

    /// <summary>Finds a stream and makes it the most recently used one.</summary>
    public ReceiveStream? Use(ulong id)
    {
        if (_byUse.Last is { } last && last.Value.Id == id)
            return last.Value;
        if (!_streams.TryGetValue(id, out ReceiveStream? stream))
            return null;
        _byUse.Remove(stream.Place);
        _byUse.AddLast(stream.Place);
        return stream;
    }

    public ReceiveStream? Find(ulong id) => _streams.GetValueOrDefault(id);

    public void Add(ReceiveStream stream)
    {
        _streams.Add(stream.Id, stream);
        _byUse.AddLast(stream.Place);
    }

    public void Remove(ReceiveStream stream)
    {
        _streams.Remove(stream.Id);
        _byUse.Remove(stream.Place);
    }

    /// <summary>The next more recently used stream; null after the most recent one.</summary>
    public static ReceiveStream? After(ReceiveStream stream) => stream.Place.Next?.Value;
}
